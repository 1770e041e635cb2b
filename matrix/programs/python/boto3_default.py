"""boto3 with its default configuration."""

import boto3
from loop import BUCKET, forever

identities, buckets = boto3.client("sts"), boto3.client("s3")
forever({"sts": identities.get_caller_identity, "s3": lambda: buckets.list_objects_v2(Bucket=BUCKET)})
