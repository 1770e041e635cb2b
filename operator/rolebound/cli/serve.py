"""`rolebound serve`: the session on 127.0.0.1, for every SDK of this machine."""

import signal
from shlex import quote

from rolebound.cli import session_flags
from rolebound.cli.outcome import say, status_of
from rolebound.cli.until_stopped import background, renewal_of, started
from rolebound.endpoint.protocol import CREDENTIALS_PATH
from rolebound.endpoint.server import Server
from rolebound.local.flags import SESSION_FLAGS
from rolebound.local.serving import Held, Service, loopback, token_in
from rolebound.local.settings import session_settings

_DESCRIPTION = (
    "Serve temporary credentials on 127.0.0.1 as EC2's metadata service does (version 2: with a token), and, with "
    "--authorization-token-file, as a container's credentials endpoint too. They are renewed at half of their life; "
    "while AWS does not answer, the last ones are served until they expire. Whoever can reach 127.0.0.1 gets them."
)
FLAGS = (*SESSION_FLAGS, "port", "hop-limit", "authorization-token-file")
_PORTS = 65535
_HOPS = 255


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status."""

    def work() -> int:
        values = session_flags.values_of("serve", _DESCRIPTION, FLAGS, arguments)
        settings = session_settings(values)
        port, hops = values.number("port", 0, _PORTS), values.number("hop-limit", 1, _HOPS)
        token_file = values.path("authorization-token-file")
        held = Held()
        service = Service(held, settings.request.role.name, token_in(token_file) if token_file else "")
        server = Server(loopback(port, hops), service.answer)
        renewal = renewal_of(values, settings, held.hold)
        if not started(renewal):
            return 0
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: server.stop())
        url = f"http://127.0.0.1:{server.listener.getsockname()[1]}"
        say(f"serving; for an SDK: export AWS_EC2_METADATA_SERVICE_ENDPOINT={url}/")
        if token_file:
            say(f"or: export AWS_CONTAINER_CREDENTIALS_FULL_URI={url}{CREDENTIALS_PATH}")
            say(f"and: export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE={quote(str(token_file.absolute()))}")
        with background(renewal.run):
            server.serve()
        return 0

    return status_of(work)
