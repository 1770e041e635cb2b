// Package loop makes a program's calls, one after the other, until the program is ended, and prints a line for each.
package loop

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Call is one request of AWS and its name in the output.
type Call struct {
	Name string
	Make func() error
}

// Forever makes the calls in turn. A line is the call's name and `ok`, or `error` and what the SDK said.
func Forever(calls ...Call) {
	seconds, err := strconv.ParseFloat(os.Getenv("MATRIX_PAUSE"), 64)
	if err != nil {
		Fail(err)
	}
	for {
		for _, call := range calls {
			report(call)
			time.Sleep(time.Duration(seconds * float64(time.Second)))
		}
	}
}

// Fail ends a program that cannot even make its client.
func Fail(err error) {
	fmt.Println("start", "error", oneLine(err))
	os.Exit(1)
}

func report(call Call) {
	if err := call.Make(); err != nil {
		fmt.Println(call.Name, "error", oneLine(err))
		return
	}
	fmt.Println(call.Name, "ok")
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
