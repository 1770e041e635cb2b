"""`python -m testbed setup | image | up`: fill the cache, build the operator's image, or start a cluster to use."""

import subprocess
import sys

from testbed import binaries, debian, images
from testbed.cluster import Cluster, can_have_node
from testbed.processes import until_stopped
from testbed.progress import say


def main(arguments: list[str]) -> int:
    """Run the subcommand; returns the exit status."""
    match arguments:
        case ["setup"]:
            return _setup()
        case ["image"]:
            print(images.operator())
            return 0
        case ["up"]:
            return _up()
    print("usage: python -m testbed setup|image|up", file=sys.stderr)
    return 2


def _setup() -> int:
    """Bring everything that a cluster needs into the cache."""
    with_node = can_have_node()
    binaries.ensure(binaries.CONTROL_PLANE + (binaries.NODE if with_node else ()))
    if with_node:
        debian.ensure({**debian.NODE, **debian.IMAGES, **debian.SHELLS})
        for image in (images.pause, images.client, images.operator):
            image()
    else:
        say("no node here (that takes Linux and root): the control plane alone will do")
    return 0


def _up() -> int:
    """Start a cluster and keep it until a signal comes."""
    with Cluster.start() as cluster:
        print(f"export KUBECONFIG={cluster.kubeconfig}")
        print(f"export PATH={cluster.environment()['PATH']}")
        say("running; Ctrl-C stops it")
        until_stopped()
    return 0


try:
    sys.exit(main(sys.argv[1:]))
except (RuntimeError, TimeoutError, subprocess.CalledProcessError) as failed:
    sys.exit(f"[test bed] {failed}")
except KeyboardInterrupt:
    sys.exit(130)
