"""Where settings come from, and what is said of wrong ones, on the command line as a user has it."""

import json
import signal
from pathlib import Path

import pytest

from rolebound.local.flags import FLAGS
from tests.cli.conftest import Here
from tests.cli.terminal import Terminal
from tests.support.aws import Setup


def as_toml(flags: list[str]) -> str:
    pairs = zip(flags[::2], flags[1::2], strict=True)
    return "\n".join(f"{name.removeprefix('--')} = {json.dumps(value)}" for name, value in pairs)


def test_configuration_file_says_it_all(terminal: Terminal, role: Setup) -> None:
    folder = terminal.home / ".config" / "rolebound"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(as_toml(terminal.flags(role)))

    assert terminal.credentials()["Version"] == 1
    assert terminal.credentials()["Version"] == 1
    assert role.issued() == 1


def test_changed_configuration_is_another_session(terminal: Terminal, here: Here, role: Setup) -> None:
    path = terminal.home / "mine.toml"
    path.write_text(as_toml(terminal.flags(role)))
    here("credential-process", "--config", str(path))

    path.write_text(as_toml(terminal.flags(role)) + '\nrole-session-name = "second"\n')
    here("credential-process", "--config", str(path))

    assert role.issued() == 2


def test_variables_say_it_all(terminal: Terminal, here: Here, role: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    flags = terminal.flags(role)
    for name, value in zip(flags[::2], flags[1::2], strict=True):
        monkeypatch.setenv(FLAGS[name.removeprefix("--")].variable, value)

    assert here("credential-process").returncode == 0


def test_unknown_authority_is_refused_and_can_be_overlooked(
    terminal: Terminal, here: Here, role: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE")
    flags = terminal.flags(role)

    refused = here("credential-process", *flags)
    overlooked = here("credential-process", *flags, "--no-verify-ssl")

    assert refused.returncode == 1
    assert "SSLError: SSL validation failed for https://127.0.0.1" in refused.stderr
    assert "certificate verify failed" in refused.stderr
    assert (overlooked.returncode, overlooked.stderr) == (0, "")


@pytest.mark.parametrize(
    ("url", "said"),
    [("http://me:hidden@127.0.0.1:1", "http://127.0.0.1:1"), ("x://me:hidden@127.0.0.1:1", "http://x://127.0.0.1:1")],
)
def test_proxy_is_followed_as_botocore_follows_it(
    terminal: Terminal, here: Here, role: Setup, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)

    done = here("credential-process", *terminal.flags(role))

    assert f'Failed to connect to proxy URL: "{said}"' in done.stderr
    assert "hidden" not in done.stderr
    assert role.calls() == []


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("AWS_PROFILE", "absent", "The config profile (absent) could not be found"),
        ("AWS_SHARED_CREDENTIALS_FILE", "broken", "Unable to parse config file: broken"),
        ("AWS_RETRY_MODE", "never", 'Invalid value provided to "mode": "never"'),
        ("ROLEBOUND_ENDPOINT", "127.0.0.1:4566", "Invalid endpoint: 127.0.0.1:4566"),
        ("ROLEBOUND_REGION", "no region", "Provided region_name 'no region' doesn't match"),
    ],
)
@pytest.mark.parametrize(
    "command", [["credential-process"], ["update"], ["serve", "--port", "0"]], ids=lambda it: it[0]
)
def test_wrong_setting_of_aws_is_told_and_no_outage(
    terminal: Terminal, role: Setup, command: list[str], variable: str, value: str, said: str
) -> None:
    # Its owner reads the file that is to be updated, too: a profile that is there twice is a mistake to botocore.
    (terminal.home / "broken").write_text("[twice]\n[twice]\n")
    flags = [*command, *terminal.flags(role)]

    done = terminal.run(*flags, **{variable: str(terminal.home / value) if value == "broken" else value})

    assert (done.returncode, done.stdout) == (2, "")
    assert said.replace("broken", str(terminal.home / "broken")) in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_home_of_nobody_is_no_traceback(here: Here, terminal: Terminal, role: Setup) -> None:
    done = here("credential-process", *terminal.flags(role), "--intermediates", "~nobody-here/x")

    assert "~nobody-here/x cannot be read: No such file" in done.stderr


def test_encrypted_key_without_a_password_or_a_terminal_is_told(terminal: Terminal, role: Setup) -> None:
    flags = terminal.flags(role)
    key = Path(flags[-1])
    key.write_bytes(key.read_bytes().replace(b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY"))

    done = terminal.run("credential-process", *flags)

    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert str(key) in done.stderr


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["update", "--profile", "a]b"], "--profile: a profile's name is printable"),
        (["serve", "--port", "65536"], "--port: it may be a whole number from 0 to 65535"),
        (["serve", "--hop-limit", "0"], "--hop-limit: it may be a whole number from 1 to 255"),
        (["env", "--shell", "cmd"], "--shell: it may be sh, fish, powershell"),
        (["exec"], "say what to run: rolebound exec [OPTIONS] -- COMMAND"),
        (["exec", "--", "no-such-command"], "no-such-command cannot be run: No such file or directory"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_wrong_setting_is_told_with_its_flag(
    terminal: Terminal, here: Here, role: Setup, command: list[str], said: str
) -> None:
    name, *rest = command

    done = here(name, *terminal.flags(role), *rest)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN  # this process goes on
