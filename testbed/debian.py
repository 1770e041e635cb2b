"""What Debian has ready-made: installed when missing, as root, and announced."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from testbed.progress import step

# What must be there → the package that brings it.
NODE: Final[Mapping[str, str]] = {
    "runc": "runc",
    "nft": "nftables",
    "ip": "iproute2",
    "mount": "mount",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
}
IMAGES: Final[Mapping[str, str]] = {
    "buildah": "buildah",
    "debootstrap": "debootstrap",
    "/bin/busybox": "busybox-static",
}
SHELLS: Final[Mapping[str, str]] = {"fish": "fish"}
"""Those that `rolebound env` speaks to, beside sh, which is there."""


def missing(wanted: Mapping[str, str]) -> list[str]:
    """Return the packages of which nothing is installed."""
    return sorted({package for probe, package in wanted.items() if not _there(probe)})


def ensure(wanted: Mapping[str, str]) -> None:
    """Install what is missing; RuntimeError says what to install where this cannot."""
    packages = missing(wanted)
    if not packages:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise RuntimeError(f"install these first (Debian's names): {' '.join(packages)}")
    with step(f"installing {' '.join(packages)} from Debian"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
        if subprocess.run(install, env=environment, capture_output=True, check=False).returncode:
            subprocess.run(["apt-get", "update"], env=environment, check=True, capture_output=True)
            subprocess.run(install, env=environment, check=True, capture_output=True)


def _there(probe: str) -> bool:
    return Path(probe).exists() if probe.startswith("/") else shutil.which(probe) is not None
