#!/bin/sh
# Makes or refreshes .venv from the lock file. Safe to interrupt and to repeat: the stamp is written last, and names
# what was installed. Needs Python 3.11 or later; as root on Debian it installs the missing `venv` module itself.
set -eu
cd "$(dirname "$0")/.."
stamp=.venv/.installed
wanted=$(cat requirements/dev.txt pyproject.toml | cksum)
[ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || exit 0
say() { printf '[set-up] %s\n' "$*" >&2; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
python=
for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if new_enough "$candidate"; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
    say "needs Python 3.11 or later: install it, or name it: make PYTHON=/path/to/python3"
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing python3-venv from Debian"
        apt-get install --yes --no-install-recommends python3-venv >/dev/null 2>&1 ||
            { apt-get update >/dev/null && apt-get install --yes --no-install-recommends python3-venv >/dev/null; }
    else
        say "$python has no venv module: install it first (Debian: python3-venv)"
        exit 1
    fi
fi
say "installing the locked Python packages into .venv (a minute or two, once)"
new_enough .venv/bin/python || { rm -rf .venv && "$python" -m venv .venv; }
pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }
pip install --quiet --require-hashes -r requirements/dev.txt
pip install --quiet --no-deps --no-build-isolation --editable .
echo "$wanted" > "$stamp"
say "done"
