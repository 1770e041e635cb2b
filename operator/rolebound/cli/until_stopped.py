"""What runs until it is told to stop: renewals and servers, in the background of a command."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from rolebound.cli.outcome import say
from rolebound.cli.session_flags import debugger
from rolebound.endpoint.server import Server
from rolebound.local.renewal import Renewal
from rolebound.local.sessions import LocalSessions
from rolebound.local.settings import SessionSettings
from rolebound.local.values import Values
from rolebound.model.session import Session

# Seconds. What has not ended by then is waiting for AWS, and nothing is lost with it.
_END_WITHIN = 2.0


def renewal_of(values: Values, settings: SessionSettings, deliver: Callable[[Session], None]) -> Renewal:
    """Return what keeps a session of `settings` delivered, and says on standard error what goes wrong."""
    return Renewal(LocalSessions(settings, debugger(values)).issue, deliver, say)


def started(renewal: Renewal) -> bool:
    """Deliver the first session; False where SIGTERM or SIGINT came first, as AWS may not answer for a minute."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        renewal.start()
    except KeyboardInterrupt:
        return False
    return True


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def background(run: Callable[[Event], None]) -> Iterator[None]:
    """Run `run` in a thread for as long as the block takes."""
    stopped = Event()
    thread = Thread(target=run, args=(stopped,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(_END_WITHIN)


@contextmanager
def served(server: Server) -> Iterator[None]:
    """Serve in a thread for as long as the block takes."""
    thread = Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.stop()
        thread.join(_END_WITHIN)
