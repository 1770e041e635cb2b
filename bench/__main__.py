"""`python -m bench [sessions | pods | endpoint | admission | start | credential-process]`: print the tables."""

import sys
from collections.abc import Callable, Mapping
from typing import Final

from bench import admission, credential_process, endpoint, pods, sessions, start

_BENCHMARKS: Final[Mapping[str, Callable[[], None]]] = {
    "sessions": sessions.run,
    "pods": pods.run,
    "endpoint": endpoint.run,
    "admission": admission.run,
    "start": start.run,
    "credential-process": credential_process.run,
}


def main(chosen: list[str]) -> int:
    """Run what was chosen, or all; returns the exit status."""
    unknown = [name for name in chosen if name not in _BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(_BENCHMARKS)}", file=sys.stderr)
        return 2
    for name in chosen or _BENCHMARKS:
        _BENCHMARKS[name]()
    return 0


sys.exit(main(sys.argv[1:]))
