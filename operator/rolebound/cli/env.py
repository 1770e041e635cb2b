"""`rolebound env`: `eval "$(rolebound env …)"`."""

from rolebound.cli import session_flags
from rolebound.cli.cached import output_of
from rolebound.cli.outcome import status_of
from rolebound.local.flags import CACHED_FLAGS
from rolebound.local.variables import exports, variables

_DESCRIPTION = (
    'Print credentials as lines for a shell to evaluate: eval "$(rolebound env …)"; in fish: rolebound env '
    "--shell fish … | source; in PowerShell: rolebound env --shell powershell … | Invoke-Expression."
)
FLAGS = (*CACHED_FLAGS, "shell")


def main(arguments: list[str]) -> int:
    """Print the lines; returns the exit status."""

    def work() -> int:
        values = session_flags.values_of("env", _DESCRIPTION, FLAGS, arguments)
        shell = values.text("shell")
        print(exports(variables(output_of(values, ["env", *arguments])), shell))
        return 0

    return status_of(work)
