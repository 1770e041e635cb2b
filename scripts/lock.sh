#!/bin/sh
# Resolves pyproject.toml into the three lock files, with hashes, for every platform and Python from 3.11 on.
# Without changes it moves nothing; `scripts/lock.sh --upgrade` takes newer versions.
set -eu
cd "$(dirname "$0")/.."
lock() {
    out=$1; shift
    .venv/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
        --no-strip-extras --no-header --no-annotate --output-file "requirements/$out" "$@"
}
lock operator.txt "$@"
lock emulator.txt --extra emulator "$@"
lock dev.txt --extra emulator --extra dev "$@"
