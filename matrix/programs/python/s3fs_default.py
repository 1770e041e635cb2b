"""s3fs, the S3 of fsspec, with its default configuration. It has S3 alone."""

import s3fs
from loop import BUCKET, forever

files = s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)
forever({"s3": lambda: files.ls(BUCKET, refresh=True)})
