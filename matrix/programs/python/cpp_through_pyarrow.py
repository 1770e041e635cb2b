"""The AWS SDK for C++, as pyarrow carries it. S3 alone is bound, and the endpoint is an option."""

from loop import BUCKET, ENDPOINT_URL, forever
from pyarrow import fs

scheme, _, host = ENDPOINT_URL.partition("://")
files = fs.S3FileSystem(endpoint_override=host, scheme=scheme)
forever({"s3": lambda: files.get_file_info(fs.FileSelector(BUCKET))})
