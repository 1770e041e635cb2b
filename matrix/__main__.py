"""`python -m matrix [PROGRAM ...]`: run the matrix and print it; a run of all programs writes the reference page."""

import argparse
import subprocess
import sys
from typing import Final

from matrix import builds
from matrix.page import rewritten, table, unexpected
from matrix.programs import PROGRAMS
from matrix.run import Pace, run, runnable
from matrix.stage import raised
from testbed import images
from testbed.cluster import Cluster, can_have_node
from testbed.operator import ROOT, install_rights
from testbed.progress import say

PAGE: Final = ROOT / "docs" / "reference" / "sdks.md"
# Long enough that the kubelet, which looks every 5 to 7.5 s here, is never late for a session renewed at its half.
_PACE: Final = Pace(lifetime=60, sessions=5, pause=2.0)


def main(arguments: list[str]) -> int:
    """Run the matrix; returns 1 where a delivery that promises to refresh had a failed call."""
    parser = argparse.ArgumentParser(prog="python -m matrix", description="Run the SDK matrix.")
    names = [program.name for program in PROGRAMS]
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=f"run these alone: {', '.join(names)}")
    parser.add_argument("--without-node", action="store_true", help="do without a kubelet even where there can be one")
    options = parser.parse_args(arguments)
    if unknown := set(options.programs) - set(names):
        parser.error(f"there is no program {', '.join(sorted(unknown))}")
    programs, refused = runnable()
    chosen = [program for program in programs if not options.programs or program.name in options.programs]
    builds.ensure(program.language for program in chosen)
    with_node = can_have_node() and not options.without_node
    with Cluster.start(with_node=with_node, archives=[images.operator()] if with_node else []) as cluster:
        install_rights(cluster)
        with raised(cluster, _PACE.lifetime) as stage:
            say(f"{len(chosen)} programs, each by three deliveries, at most {_PACE.longest:.0f} s")
            cells = run(stage, chosen, _PACE)
    print("\n".join(table(cells, refused)))
    if not with_node:
        print("not run: a real kubelet, which takes Linux and root; the Secret was laid out as files")
    for program, reason in refused.items():
        print(f"not run: {program.name}: {reason}")
    if not options.programs:
        PAGE.write_text(rewritten(PAGE.read_text(), cells, refused, _PACE, has_node=with_node))
    for cell in unexpected(cells):
        print(f"FAILED CALLS: {cell.program.name} by {cell.delivery}: {cell.outcome.first_error[:300]}")
    return 1 if unexpected(cells) else 0


try:
    sys.exit(main(sys.argv[1:]))
except (RuntimeError, TimeoutError, subprocess.CalledProcessError) as failed:
    sys.exit(f"[matrix] {failed}")
except KeyboardInterrupt:
    sys.exit(130)
