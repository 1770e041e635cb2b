"""rolebound as a user has it: a wheel, in an environment of its own.

What is installed for development is slower: each start of its Python also reads the hooks by which source is edited in
place.
"""

import subprocess
import sys
from pathlib import Path

from testbed.operator import ROOT

_UV = Path(sys.executable).parent / "uv"


def command(folder: Path) -> Path:
    """Build and install into `folder`; return the `rolebound` there."""
    environment = folder / "environment"
    python = environment / "bin" / "python"
    _uv("build", "--wheel", "--out-dir", str(folder), str(ROOT))
    _uv("venv", "--python", sys.executable, str(environment))
    _uv("pip", "install", "--python", str(python), "--require-hashes", "-r", str(ROOT / "requirements/operator.txt"))
    (wheel,) = folder.glob("*.whl")
    _uv("pip", "install", "--python", str(python), "--no-deps", str(wheel))
    return environment / "bin" / "rolebound"


def _uv(*arguments: str) -> None:
    subprocess.run([str(_UV), "--quiet", *arguments], check=True)
