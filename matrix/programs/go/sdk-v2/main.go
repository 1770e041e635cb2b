// AWS SDK for Go v2 with its default configuration.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"rolebound.dev/matrix/loop"
)

func main() {
	ctx := context.Background()
	loaded, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		loop.Fail(err)
	}
	identities, buckets := sts.NewFromConfig(loaded), s3.NewFromConfig(loaded)
	bucket := os.Getenv("MATRIX_BUCKET")
	loop.Forever(
		loop.Call{Name: "sts", Make: func() error {
			_, err := identities.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
			return err
		}},
		loop.Call{Name: "s3", Make: func() error {
			_, err := buckets.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket})
			return err
		}},
	)
}
