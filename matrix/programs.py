"""The programs: which SDK each one carries, where its version is pinned, and how it is built and started.

The sources and their lock files stand in `programs/`. Every program takes what it needs from the environment, makes its
calls until it is ended, and prints a line for each: the call's name, then `ok`, or `error` and what the SDK said.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parent / "programs"


class Language(StrEnum):
    """What is built together, by one toolchain; the value is the folder below `programs/`."""

    PYTHON = "python"
    GO = "go"
    RCLONE = "go/rclone"  # of the same module, but longer to build than all others together
    JAVASCRIPT = "javascript"
    JAVA = "java/sdk"
    HADOOP = "java/hadoop"
    RUST = "rust"


@dataclass(frozen=True, slots=True)
class Program:
    """One row of the matrix."""

    name: str
    language: Language
    main: str
    """What the language's build makes of it: a script, a binary, a class."""
    package: str
    """The package whose version is the row's."""
    remark: str = ""
    """What its author had to do that another SDK does by itself."""

    @property
    def library(self) -> str:
        """The package as users know it."""
        return f"software.amazon.awssdk:{self.package}" if self.main == "SdkV2" else self.package

    @property
    def version(self) -> str:
        """The version that the lock file pins."""
        lock = SOURCES / self.language / _LOCK[self.language]
        match = re.search(_PIN[self.language].format(re.escape(self.package)), lock.read_text())
        if match is None:
            raise RuntimeError(f"{lock} does not pin {self.package}")
        return match.group(1)


_LOCK: Final = {
    Language.PYTHON: "requirements.txt",
    Language.GO: "go.mod",
    Language.RCLONE: "../go.mod",
    Language.JAVASCRIPT: "package-lock.json",
    Language.JAVA: "pom.xml",
    Language.HADOOP: "pom.xml",
    Language.RUST: "Cargo.lock",
}
_GO: Final = r"(?m)^\s{} v(\S+)"
_MAVEN: Final = r"<artifactId>{}</artifactId>\s*<version>([^<]+)<"
# In each the package's name is put for the braces.
_PIN: Final = {
    Language.PYTHON: r"(?m)^{}==(\S+)",
    Language.GO: _GO,
    Language.RCLONE: _GO,
    Language.JAVASCRIPT: r'"node_modules/{}": \{{\s*"version": "([^"]+)"',
    Language.JAVA: _MAVEN,
    Language.HADOOP: _MAVEN,
    Language.RUST: r'name = "{}"\nversion = "([^"]+)"',
}

_S3_ALONE: Final = "S3 alone"
_OWN_ENDPOINT: Final = "ignores `AWS_ENDPOINT_URL`: the endpoint is an option"

PROGRAMS: Final = (
    Program("boto3", Language.PYTHON, "boto3_default.py", "boto3"),
    Program("aiobotocore", Language.PYTHON, "aiobotocore_default.py", "aiobotocore"),
    Program("AWS CLI", Language.PYTHON, "aws_cli.py", "awscli", "a command for each call"),
    Program("s3fs (fsspec)", Language.PYTHON, "s3fs_default.py", "s3fs", _S3_ALONE),
    Program(
        "C++ (through pyarrow)", Language.PYTHON, "cpp_through_pyarrow.py", "pyarrow", f"{_S3_ALONE}; {_OWN_ENDPOINT}"
    ),
    Program("Go v2", Language.GO, "sdk-v2", "github.com/aws/aws-sdk-go-v2"),
    Program("Go v1", Language.GO, "sdk-v1", "github.com/aws/aws-sdk-go", _OWN_ENDPOINT),
    Program("minio-go", Language.GO, "minio", "github.com/minio/minio-go/v7", f"{_S3_ALONE}; {_OWN_ENDPOINT}"),
    Program("rclone", Language.RCLONE, "rclone", "github.com/rclone/rclone", f"{_S3_ALONE}; {_OWN_ENDPOINT}"),
    Program("JavaScript v3", Language.JAVASCRIPT, "main.js", "@aws-sdk/client-s3"),
    Program("Java v2", Language.JAVA, "SdkV2", "s3"),
    Program("Java v1", Language.JAVA, "SdkV1", "aws-java-sdk-s3", _OWN_ENDPOINT),
    Program(
        "Hadoop S3A",
        Language.HADOOP,
        "S3A",
        "hadoop-aws",
        f"{_S3_ALONE}; {_OWN_ENDPOINT}; `fs.s3a.aws.credentials.provider` names the SDK's `DefaultCredentialsProvider`",
    ),
    Program("Rust", Language.RUST, "rolebound-matrix", "aws-sdk-s3"),
)


def named(name: str) -> Program:
    """Return the program of that row."""
    return next(program for program in PROGRAMS if program.name == name)
