"""Where settings come from, and what is said of wrong ones, on the command line as a user has it."""

import json
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
    assert "SSLError" in refused.stderr
    assert (overlooked.returncode, overlooked.stderr) == (0, "")


def test_proxy_is_followed_as_botocore_follows_it(
    terminal: Terminal, here: Here, role: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")

    done = here("credential-process", *terminal.flags(role))

    assert "ProxyConnectionError" in done.stderr
    assert role.calls() == []


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
