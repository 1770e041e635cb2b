"""The programs, built: once for each change of a language's sources, into the cache outside the tree.

A build's folder carries a digest of its sources and lock file and counts when its stamp is there, which is written
last: an interrupted build is begun again. A machine without a language's toolchain does not run that language's
programs, and is told so.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from matrix.programs import PROGRAMS, SOURCES, Language, Program
from testbed import cache
from testbed.binaries import go_compiler
from testbed.progress import step

_STAMP: Final = ".built"
# What must be on PATH, and about how many seconds the build takes on two cores. Python is here, and Go is found.
_NEEDS: Final[dict[Language, tuple[str, ...]]] = {
    Language.JAVASCRIPT: ("node", "npm"),
    Language.JAVA: ("mvn", "javac", "java"),
    Language.HADOOP: ("mvn", "javac", "java"),
    Language.RUST: ("cargo", "cc"),
}
_SECONDS: Final = {
    Language.PYTHON: 30,
    Language.GO: 30,
    Language.RCLONE: 150,
    Language.JAVASCRIPT: 10,
    Language.JAVA: 15,
    Language.HADOOP: 30,
    Language.RUST: 150,
}


def missing(language: Language) -> str:
    """Return which programs of the toolchain this machine does not have, or nothing."""
    return ", ".join(name for name in _NEEDS.get(language, ()) if shutil.which(name) is None)


def ensure(languages: Iterable[Language]) -> None:
    """Build what is not built, one language after the other; RuntimeError with what the toolchain said."""
    for language in dict.fromkeys(languages):
        if _is_built(language):
            continue
        with cache.locked("matrix"), step(f"building the {language} programs (about {_SECONDS[language]} s, once)"):
            if not _is_built(language):
                folder = _folder(language)
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                _BUILDS[language](SOURCES / language, folder)
                (folder / _STAMP).touch()


def binary(program: Program) -> Path:
    """Return the one file that a built program is, where its language makes such."""
    return _folder(program.language) / program.main


def command(program: Program) -> list[str]:
    """Return the command that starts a built program."""
    folder, source = _folder(program.language), SOURCES / program.language
    match program.language:
        case Language.PYTHON:
            return [str(folder / "bin" / "python"), str(source / program.main)]
        case Language.JAVASCRIPT:
            return [str(shutil.which("node")), str(folder / program.main)]
        case Language.JAVA | Language.HADOOP:
            # Small and single-threaded: a dozen programs share the machine.
            options = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m"]
            return [str(shutil.which("java")), *options, "-cp", f"{folder}:{folder}/lib/*", program.main]
        case _:
            return [str(binary(program))]


def _is_built(language: Language) -> bool:
    return (_folder(language) / _STAMP).exists()


def _folder(language: Language) -> Path:
    digest = hashlib.sha256()
    shared = SOURCES / language.partition("/")[0]  # with what the languages of one toolchain have in common
    for path in sorted(path for path in shared.rglob("*") if path.is_file()):
        # A script runs from where it stands: only what is installed for it is built.
        if path.suffix not in {".py", ".pyc"}:
            digest.update(path.relative_to(SOURCES).as_posix().encode() + path.read_bytes())
    return cache.root() / "matrix" / f"{language.replace('/', '-')}-{digest.hexdigest()[:12]}"


def _python(source: Path, folder: Path) -> None:
    _run([sys.executable, "-m", "venv", str(folder)], source)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--require-hashes", "-r", "requirements.txt"], source)


def _go(source: Path, folder: Path) -> None:
    mains = [f"./{program.main}" for program in PROGRAMS if program.language is Language.GO]
    _go_build(source, folder, mains)


def _rclone(source: Path, folder: Path) -> None:
    _go_build(source, folder, ["."])


def _go_build(source: Path, folder: Path, packages: Sequence[str]) -> None:
    flags = ["-trimpath", "-buildvcs=false", "-ldflags", "-s -w"]
    static = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local"}
    _run([go_compiler(), "build", *flags, "-o", f"{folder}/", *packages], source, static)


def _javascript(source: Path, folder: Path) -> None:
    for path in source.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    _run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], folder)


def _java(source: Path, folder: Path) -> None:
    copied = ["-DincludeScope=runtime", f"-DoutputDirectory={folder / 'lib'}"]
    _run(["mvn", "--quiet", "--batch-mode", f"{_COPY}:copy-dependencies", *copied], source)
    classes = [str(path) for path in (*source.parent.glob("*.java"), *source.glob("*.java"))]
    _run(["javac", "-d", str(folder), "-cp", f"{folder}/lib/*", *classes], source)


def _rust(source: Path, folder: Path) -> None:
    target = folder / "target"
    _run(["cargo", "build", "--quiet", "--locked", "--target-dir", str(target)], source)
    (target / "debug" / "rolebound-matrix").rename(folder / "rolebound-matrix")
    shutil.rmtree(target)


_COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0"
_BUILDS: Final = {
    Language.PYTHON: _python,
    Language.GO: _go,
    Language.RCLONE: _rclone,
    Language.JAVASCRIPT: _javascript,
    Language.JAVA: _java,
    Language.HADOOP: _java,
    Language.RUST: _rust,
}


def _run(arguments: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    gently = ["nice", "-n", "10", *arguments]
    done = subprocess.run(
        gently, cwd=folder, env=os.environ | (environment or {}), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments[:3])} failed:\n{(done.stdout + done.stderr)[-3000:]}")
