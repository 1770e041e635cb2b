// AWS SDK for Go v1. It does not know AWS_ENDPOINT_URL, so the endpoint is an option of the program.
package main

import (
	"os"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/s3"
	"github.com/aws/aws-sdk-go/service/sts"

	"rolebound.dev/matrix/loop"
)

func main() {
	loaded, err := session.NewSession(&aws.Config{
		Endpoint:         aws.String(os.Getenv("AWS_ENDPOINT_URL")),
		S3ForcePathStyle: aws.Bool(true),
	})
	if err != nil {
		loop.Fail(err)
	}
	identities, buckets := sts.New(loaded), s3.New(loaded)
	bucket := os.Getenv("MATRIX_BUCKET")
	loop.Forever(
		loop.Call{Name: "sts", Make: func() error {
			_, err := identities.GetCallerIdentity(&sts.GetCallerIdentityInput{})
			return err
		}},
		loop.Call{Name: "s3", Make: func() error {
			_, err := buckets.ListObjectsV2(&s3.ListObjectsV2Input{Bucket: &bucket})
			return err
		}},
	)
}
