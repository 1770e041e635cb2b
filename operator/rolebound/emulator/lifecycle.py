"""One emulator from start to stop: its account, its server, and the files by which others find it.

Wires the parts and decides nothing about requests. The location file appears whole, and only once the server listens;
it goes when the emulator stops. The administrator's secret key is in one file of mode 0600 and in no output.
"""

import json
import os
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from rolebound.emulator.accounts import AccessKey, administrator_of, close_account, open_account
from rolebound.emulator.application import Application
from rolebound.emulator.authorization import Judge, judging
from rolebound.emulator.clock import Clock
from rolebound.emulator.control import Control
from rolebound.emulator.create_session import SessionIssuer
from rolebound.emulator.faults import Fault, Faults
from rolebound.emulator.files import write_whole
from rolebound.emulator.kept_state import KeptState
from rolebound.emulator.management import Management
from rolebound.emulator.quotas import Quotas
from rolebound.emulator.request_log import RequestLog, RequestRecord
from rolebound.emulator.resources import Resources
from rolebound.emulator.role_chaining import RoleChaining
from rolebound.emulator.server import Server
from rolebound.emulator.session_service import SessionService
from rolebound.emulator.sessions import SessionBook
from rolebound.emulator.throttle import Throttle
from rolebound.emulator.tls import server_certificate

LOCATION_FILE: Final = "emulator.json"
CA_FILE: Final = "ca.pem"
CREDENTIALS_FILE: Final = "administrator"
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not listened on


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one emulator runs. `hostnames` are further names of the server; the first is the one that it gives out."""

    host: str = "127.0.0.1"
    port: int = 0
    tls: bool = True
    hostnames: tuple[str, ...] = ()
    account: str = "111122223333"
    region: str = "us-east-1"
    session_lifetime: timedelta | None = None
    clock_offset: timedelta = timedelta()
    rate_limit: bool = True
    state_dir: Path | None = None
    # Where resources and IAM are kept from one run to the next; None keeps nothing.
    state_file: Path | None = None


@dataclass(slots=True)
class _Running:
    server: Server
    endpoint_url: str
    administrator: AccessKey
    state_dir: Path
    cleanup: ExitStack


@dataclass(slots=True)
class Emulator:
    """The stand-in, in this process. Usable as a context manager; `clock` can be moved while it runs."""

    settings: Settings = field(default_factory=Settings)
    resources: Resources = field(default_factory=Resources)
    clock: Clock = field(init=False)
    _log: RequestLog = field(default_factory=RequestLog)
    _faults: Faults = field(default_factory=Faults)
    _running: _Running | None = None

    def __post_init__(self) -> None:
        self.clock = Clock(self.settings.clock_offset)

    def start(self) -> Self:
        """Listen, then write the location file; returns once requests are answered."""
        with ExitStack() as cleanup:
            judge = Judge(SessionBook(), self.clock)
            cleanup.enter_context(judging(self.settings.account, judge))
            open_account(self.settings.account, self.settings.region)
            cleanup.callback(close_account, self.settings.account)
            kept = self._kept(cleanup)
            administrator = administrator_of(self.settings.account, self.settings.region)
            if kept is not None:
                kept.save()
            state_dir = self._state_dir(cleanup)
            names = self._names()
            certificate = server_certificate(names, self.clock.now() - self.clock.offset) if self.settings.tls else None
            server = Server(
                self.settings.host,
                self.settings.port,
                self._application(judge, kept).answer,
                certificate.context() if certificate else None,
                self.clock,
            )
            cleanup.callback(server.close)
            server.start()
            cleanup.callback(self._faults.clear)
            scheme = "https" if certificate else "http"
            endpoint_url = f"{scheme}://{_in_url(names[0])}:{server.port}"
            if certificate:
                write_whole(state_dir / CA_FILE, certificate.ca_pem, mode=0o644)
            write_whole(state_dir / CREDENTIALS_FILE, _credentials(administrator), mode=0o600)
            self._running = _Running(server, endpoint_url, administrator, state_dir, cleanup.pop_all())
        write_whole(state_dir / LOCATION_FILE, json.dumps(self.state(), indent=2).encode() + b"\n", mode=0o644)
        return self

    def stop(self) -> None:
        """End every connection, forget everything; the location file goes first. Stopping twice is stopping once."""
        running, self._running = self._running, None
        if running is not None:
            (running.state_dir / LOCATION_FILE).unlink(missing_ok=True)
            running.cleanup.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def endpoint_url(self) -> str:
        """Where every service of this stand-in is."""
        return self._started().endpoint_url

    @property
    def ca_file(self) -> Path | None:
        """The certificate of the authority that clients have to trust, or None over plain HTTP."""
        return self._started().state_dir / CA_FILE if self.settings.tls else None

    @property
    def credentials_file(self) -> Path:
        """The administrator's credentials file, in AWS's own form."""
        return self._started().state_dir / CREDENTIALS_FILE

    @property
    def state_dir(self) -> Path:
        """Where the location file and the files that it names are."""
        return self._started().state_dir

    @property
    def administrator(self) -> AccessKey:
        """The access key of an IAM user who may do everything."""
        return self._started().administrator

    def state(self) -> dict[str, object]:
        """Return what the location file says: where the stand-in is and how to use it, no secret."""
        return {
            "endpointURL": self.endpoint_url,
            "caFile": str(self.ca_file) if self.ca_file else None,
            "credentialsFile": str(self.credentials_file),
            "account": self.settings.account,
            "region": self.settings.region,
            "pid": os.getpid(),
        }

    def environment(self) -> dict[str, str]:
        """Return the variables that make an AWS client this stand-in's administrator; a file has the key, not they."""
        variables = {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_SHARED_CREDENTIALS_FILE": str(self.credentials_file),
            "AWS_REGION": self.settings.region,
            "AWS_DEFAULT_REGION": self.settings.region,  # boto3 knows no other
        }
        return variables | ({"AWS_CA_BUNDLE": str(self.ca_file)} if self.ca_file else {})

    def requests(self) -> list[RequestRecord]:
        """Return every CreateSession call so far, oldest first."""
        return self._log.records()

    def inject(self, fault: Fault) -> None:
        """Have the next CreateSession calls meet `fault`."""
        self._faults.add(fault)

    def clear_faults(self) -> None:
        """Forget all faults and release the calls that wait in one."""
        self._faults.clear()

    def _started(self) -> _Running:
        if self._running is None:
            raise RuntimeError("the emulator is not running")
        return self._running

    def _application(self, judge: Judge, kept: KeptState | None) -> Application:
        issuer = SessionIssuer(self.resources, judge.sessions, self.clock, self.settings.session_lifetime)
        throttle = Throttle(self.clock) if self.settings.rate_limit else None
        return Application(
            sessions=SessionService(issuer, self._faults, self._log, self.clock, throttle),
            management=Management(self.resources, self.clock),
            chaining=RoleChaining(judge),
            quotas=Quotas(judge, throttle),
            judge=judge,
            control=Control(self._log, self._faults),
            kept=kept,
            scheme="https" if self.settings.tls else "http",
        )

    def _kept(self, cleanup: ExitStack) -> KeptState | None:
        """Return the state file, loaded, and have it written once more at the end."""
        if self.settings.state_file is None:
            return None
        kept = KeptState(self.settings.state_file, self.settings.account, self.settings.region, self.resources)
        kept.load()
        cleanup.callback(kept.save)
        return kept

    def _names(self) -> list[str]:
        own = [] if self.settings.host in _EVERYWHERE else [self.settings.host]
        return [*self.settings.hostnames, *own, "localhost", "127.0.0.1", "::1"]

    def _state_dir(self, cleanup: ExitStack) -> Path:
        if self.settings.state_dir is None:
            return Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="rolebound-emulator-")))
        self.settings.state_dir.mkdir(parents=True, exist_ok=True)
        return self.settings.state_dir.resolve()


def _in_url(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _credentials(key: AccessKey) -> bytes:
    lines = [f"aws_access_key_id = {key.access_key_id}", f"aws_secret_access_key = {key.secret_access_key}"]
    return "\n".join(["[default]", *lines, ""]).encode()
