"""`rolebound exec … -- command`: credentials for one command and what it starts, and for nobody else."""

import os
import signal
import subprocess
from secrets import token_urlsafe

from rolebound.cli import session_flags
from rolebound.cli.cached import output_of
from rolebound.cli.outcome import status_of
from rolebound.cli.until_stopped import background, renewal_of, served
from rolebound.endpoint.server import Server
from rolebound.errors import SettingsError
from rolebound.local.flags import CACHED_FLAGS
from rolebound.local.serving import Held, Service, loopback
from rolebound.local.settings import session_settings
from rolebound.local.values import Values
from rolebound.local.variables import HIDING, variables

_DESCRIPTION = (
    "Run a command with credentials: rolebound exec [OPTIONS] -- COMMAND [ARGUMENTS]. As variables they last for one "
    "session; through an endpoint on 127.0.0.1 the command's SDK gets new ones for as long as it runs."
)
FLAGS = (*CACHED_FLAGS, "delivery")
_HOPS = 64
# Python ignores them for itself, and a command would go on with that; subprocess sets them back by itself.
_IGNORED = (signal.SIGPIPE, signal.SIGXFSZ)


def main(arguments: list[str]) -> int:
    """Run the command; returns its exit status, or 2 where a setting is wrong."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    flags, command = arguments[:split], arguments[split + 1 :]

    def work() -> int:
        values = session_flags.values_of("exec", _DESCRIPTION, FLAGS, flags)
        if not command:
            raise SettingsError("say what to run: rolebound exec [OPTIONS] -- COMMAND")
        environment = {name: value for name, value in os.environ.items() if name not in HIDING}
        if values.text("delivery") == "endpoint":
            return _through_endpoint(values, command, environment)
        environment |= variables(output_of(values, ["exec", *flags]))
        before = {number: signal.signal(number, signal.SIG_DFL) for number in _IGNORED}
        try:
            os.execvpe(command[0], command, environment)  # noqa: S606 - running it is what was asked for
        except OSError as error:
            for number, handler in before.items():
                signal.signal(number, handler)
            raise _cannot_run(command, error) from None

    return status_of(work)


def _through_endpoint(values: Values, command: list[str], environment: dict[str, str]) -> int:
    settings = session_settings(values)
    held, token = Held(), token_urlsafe(32)
    renewal = renewal_of(values, settings, held.hold)
    renewal.start()
    service = Service(held, settings.request.role.name, token)
    server = Server(loopback(0, _HOPS), service.answer)
    port = server.listener.getsockname()[1]
    environment |= {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{port}/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
        # A profile's keys would come before the endpoint.
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    with background(renewal.run), served(server):
        return _waited_for(command, environment)


def _waited_for(command: list[str], environment: dict[str, str]) -> int:
    """Run the command as this process's stand-in: signals go to it, and its end is ours."""
    try:
        child = subprocess.Popen(command, env=environment)
    except OSError as error:
        raise _cannot_run(command, error) from None
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda sent, _: child.send_signal(sent))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to both
    status = child.wait()
    return status if status >= 0 else 128 - status


def _cannot_run(command: list[str], error: OSError) -> SettingsError:
    return SettingsError(f"{command[0]} cannot be run: {error.strerror}")
