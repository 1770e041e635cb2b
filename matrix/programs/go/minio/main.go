// minio-go, with the chain of providers that its own documentation shows. It has S3 alone, and takes the endpoint as
// an option.
package main

import (
	"context"
	"net/url"
	"os"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"rolebound.dev/matrix/loop"
)

func main() {
	endpoint, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL"))
	if err != nil {
		loop.Fail(err)
	}
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds: credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{},
		}),
		Region: os.Getenv("AWS_REGION"),
		Secure: endpoint.Scheme == "https",
	})
	if err != nil {
		loop.Fail(err)
	}
	bucket := os.Getenv("MATRIX_BUCKET")
	loop.Forever(loop.Call{Name: "s3", Make: func() error {
		for object := range client.ListObjects(context.Background(), bucket, minio.ListObjectsOptions{}) {
			if object.Err != nil {
				return object.Err
			}
		}
		return nil
	}})
}
