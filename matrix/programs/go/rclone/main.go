// rclone's S3 backend as a long-lived program, a mount or a server, uses it. It has S3 alone, and takes the endpoint as
// an option of the remote.
package main

import (
	"context"
	"fmt"
	"os"

	_ "github.com/rclone/rclone/backend/s3"
	"github.com/rclone/rclone/fs"

	"rolebound.dev/matrix/loop"
)

func main() {
	ctx := context.Background()
	// One try for each call: a retry of rclone's own would hide a refusal.
	fs.GetConfig(ctx).LowLevelRetries = 1
	remote, err := fs.NewFs(ctx, fmt.Sprintf(
		`:s3,provider=Other,env_auth=true,force_path_style=true,region=%s,endpoint="%s":%s`,
		os.Getenv("AWS_REGION"), os.Getenv("AWS_ENDPOINT_URL"), os.Getenv("MATRIX_BUCKET")))
	if err != nil {
		loop.Fail(err)
	}
	loop.Forever(loop.Call{Name: "s3", Make: func() error {
		_, err := remote.List(ctx, "")
		return err
	}})
}
