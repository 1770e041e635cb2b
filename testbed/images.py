"""Images without a registry: built with buildah, kept as archives in the cache, imported into the node.

An archive's name carries a digest of what it was made from, so it is built again exactly when that changes. Settings
that a build needs on this machine (package index, CA bundle, proxies) are taken from the environment and are not in
the images.
"""

import hashlib
import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from testbed import cache, debian
from testbed.progress import step

_REPOSITORY: Final = Path(__file__).parent.parent
_SUITE: Final = "bookworm"
_PACKAGES: Final = ("python3", "python3-venv", "ca-certificates")
_AWS_CLI: Final = "awscli==1.46.3"
# Each start of a node imports the images again: what nothing here reads is left out.
_NOT_IN_BASE: Final = (
    "var/lib/apt/lists",
    "var/cache/apt",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/lib/x86_64-linux-gnu/gconv",
)
_ARCHIVES_KEPT: Final = 4
_SOURCES: Final = ("Dockerfile", "pyproject.toml", "README.md", "LICENSE", "requirements/operator.txt")
_PASSED_ON: Final = ("PIP_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
_CA_BUNDLE: Final = Path("/etc/ssl/certs/ca-certificates.crt")

OPERATOR: Final = "localhost/rolebound:dev"
CLIENT: Final = "localhost/rolebound-client:dev"
SCRATCH: Final = "localhost/rolebound-scratch:dev"
PYTHON: Final = "localhost/rolebound-python:dev"
_PAUSE: Final = "localhost/rolebound-pause:1"
_BASE: Final = "localhost/rolebound-base"


def pause() -> Path:
    """Return the archive of the sandbox image: one process that sleeps."""
    containerfile = 'FROM scratch\nCOPY busybox /busybox\nENTRYPOINT ["/busybox", "sleep", "2147483647"]\n'
    return _archive(_PAUSE, containerfile, {"busybox": Path("/bin/busybox")})


def client() -> Path:
    """Return the archive of an image with the AWS CLI, as an application's image would have it."""
    awscli = "/opt/aws/lib/python3.*/site-packages/awscli"
    containerfile = f"""FROM {_base_name()} AS build
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/aws
RUN /opt/build/bin/pip --python /opt/aws/bin/python install --no-cache-dir {_AWS_CLI}
RUN rm -r {awscli}/examples && gzip -r {awscli}/botocore/data
FROM {_base_name()}
COPY --from=build /opt/aws /opt/aws
ENV PATH=/opt/aws/bin:$PATH
USER 65532:65532
CMD ["sleep", "infinity"]
"""
    return _archive(CLIENT, containerfile, {}, base=True)


def scratch(program: Path) -> Path:
    """Return the archive of an image with one static program and nothing else: no shell, no file."""
    containerfile = 'FROM scratch\nCOPY program /program\nUSER 65532:65532\nENTRYPOINT ["/program"]\n'
    return _archive(SCRATCH, containerfile, {"program": program})


def python(requirement: str, scripts: Sequence[Path]) -> Path:
    """Return the archive of an image with Python, one requirement and the scripts in /app."""
    containerfile = f"""FROM {_base_name()} AS build
RUN python3 -m venv /opt/app && /opt/app/bin/pip install --no-cache-dir {requirement}
FROM {_base_name()}
COPY --from=build /opt/app /opt/app
COPY {" ".join(path.name for path in scripts)} /app/
ENV PATH=/opt/app/bin:$PATH
USER 65532:65532
"""
    return _archive(PYTHON, containerfile, {path.name: path for path in scripts}, base=True)


def operator() -> Path:
    """Return the archive of the operator's image, built from the Dockerfile of this tree."""
    digest = _digest([_base_name().encode(), *(path.read_bytes() for path in _source_files())])
    target = cache.root() / "images" / f"operator-{digest}.tar"
    if target.exists():
        return target
    with cache.locked("images"), step("building the operator's image"):
        _ensure_base()
        arguments = ["--build-arg", f"BASE_IMAGE={_base_name()}", "--build-arg", f"BUILD_IMAGE={_base_name()}"]
        _build(OPERATOR, ["--file", str(_REPOSITORY / "Dockerfile"), *arguments, str(_REPOSITORY)])
        _export(OPERATOR, target)
    return target


def _source_files() -> list[Path]:
    package = (_REPOSITORY / "operator").rglob("*")
    files = [path for path in package if path.is_file() and "__pycache__" not in path.parts]
    return sorted(files) + [_REPOSITORY / name for name in _SOURCES]


def _archive(image: str, containerfile: str, files: dict[str, Path], *, base: bool = False) -> Path:
    """Return the archive of a small image; `files` are copied into its build context."""
    debian.ensure(debian.IMAGES)
    digest = _digest([containerfile.encode(), *(path.read_bytes() for path in files.values())])
    target = cache.root() / "images" / f"{Path(image).name.replace(':', '-')}-{digest}.tar"
    if target.exists():
        return target
    with cache.locked("images"), step(f"building the image {image}"):
        if base:
            _ensure_base()
        context = cache.root() / "contexts" / digest
        context.mkdir(parents=True, exist_ok=True)
        (context / "Containerfile").write_text(containerfile)
        for name, path in files.items():
            (context / name).write_bytes(path.read_bytes())
            (context / name).chmod(0o755)
        _build(image, ["--file", str(context / "Containerfile"), str(context)])
        _export(image, target)
    return target


def _base_name() -> str:
    """Return the base image's name, with a digest of what it is made of."""
    return f"{_BASE}:{_digest(part.encode() for part in (_SUITE, *_PACKAGES, *_NOT_IN_BASE))}"


def _ensure_base() -> None:
    """Make the base image, a minimal Debian with Python, unless buildah's storage has it."""
    debian.ensure(debian.IMAGES)
    if _buildah("images", "--quiet", _base_name(), check=False):
        return
    tree = cache.root() / "contexts" / "base"
    with step("making a minimal Debian with Python (about a minute, once)"):
        subprocess.run(["rm", "-rf", str(tree)], check=True)
        tree.mkdir(parents=True)
        packages = f"--include={','.join(_PACKAGES)}"
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", packages, _SUITE, str(tree)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"debootstrap failed:\n{done.stdout[-2000:]}")
        for unneeded in _NOT_IN_BASE:
            subprocess.run(["rm", "-rf", str(tree / unneeded)], check=True)
        container = _buildah("from", "scratch")
        _buildah("copy", "--quiet", container, str(tree), "/")
        _buildah("commit", "--quiet", "--rm", container, _base_name())
        subprocess.run(["rm", "-rf", str(tree)], check=True)


def _build(image: str, arguments: list[str]) -> None:
    passed = [name for name in os.environ if name.startswith(_PASSED_ON)]
    environment = [part for name in sorted(passed) for part in ("--build-arg", name)]
    volumes = ["--volume", f"{_CA_BUNDLE}:{_CA_BUNDLE}:ro"] if _CA_BUNDLE.exists() else []
    pip = Path("/etc/pip.conf")
    volumes += ["--volume", f"{pip}:{pip}:ro"] if pip.exists() else []
    _buildah("bud", "--isolation", "chroot", "--layers", *environment, *volumes, "--tag", image, *arguments)


def _export(image: str, target: Path) -> None:
    """Write the archive, and let the oldest of its kind go: each change of the source makes another."""
    with cache.whole(target) as temporary:
        _buildah("push", "--quiet", image, f"docker-archive:{temporary}:{image}")
    of_its_kind = target.parent.glob(f"{target.stem.rpartition('-')[0]}-*.tar")
    for old in sorted(of_its_kind, key=lambda path: path.stat().st_mtime, reverse=True)[_ARCHIVES_KEPT:]:
        old.unlink()


def _buildah(*arguments: str, check: bool = True) -> str:
    storage = cache.root() / "buildah"
    roots = ["--root", str(storage / "root"), "--runroot", str(storage / "run"), "--storage-driver", "overlay"]
    done = subprocess.run(["buildah", *roots, *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise RuntimeError(f"buildah {arguments[0]} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout.strip()


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:12]
