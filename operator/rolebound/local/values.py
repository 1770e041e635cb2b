"""What the user said, wherever it was said: on the command line, in a variable, in the configuration file.

Each flag is declared once, and by that it is also a variable (`--role-arn`: `ROLEBOUND_ROLE_ARN`) and a key of the
file (`role-arn`). The command line wins over variables, and they over the file. Every value remembers where it is
from, so that an error can say where to mend it.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rolebound.errors import SettingsError
from rolebound.local.flags import FLAGS, Flag

CONFIG: Final = "config"
_ON: Final = dict.fromkeys(("true", "t", "1", "yes"), True)  # `t` and `f` are AWS's helper's, too
_SWITCH: Final = _ON | dict.fromkeys(("false", "f", "0", "no", ""), False)


@dataclass(frozen=True, slots=True)
class Value:
    """What was said, and where."""

    text: str = field(repr=False)  # it may be a password
    source: str


@dataclass(frozen=True, slots=True)
class Values:
    """All that was said; a flag that nobody gave has its default."""

    given: Mapping[str, Value]
    flags: Mapping[str, Flag]

    def text(self, name: str) -> str:
        """Return the value as it is; SettingsError where the flag has choices and it is none of them."""
        flag, value = self.flags[name], self.given.get(name)
        text = value.text if value else flag.default
        if flag.choices and text not in flag.choices:
            raise self.wrong(name, f"it may be {', '.join(flag.choices)}")
        return text

    def number(self, name: str, least: int, most: int) -> int:
        """Return a whole number; SettingsError where it is none from `least` to `most`."""
        text = self.text(name)
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
            raise self.wrong(name, f"it may be a whole number from {least} to {most}")
        return int(text)

    def switch(self, name: str) -> bool:
        """Return whether it is on; SettingsError where it is neither true nor false."""
        on = _SWITCH.get(self.text(name).lower())
        if on is None:
            raise self.wrong(name, "it may be true or false")
        return on

    def path(self, name: str) -> Path | None:
        """Return a path, with `~` for the home directory, or None where nothing was said."""
        text = self.text(name)
        return user_path(text) if text else None

    def wrong(self, name: str, what: str) -> SettingsError:
        """Return the error that says where `name` was set and what is wrong with it; never the value itself."""
        value = self.given.get(name)
        return SettingsError(f"{value.source if value else '--' + name}: {what}")

    def require(self, names: Iterable[str]) -> None:
        """Raise SettingsError that names all those of `names` that nobody gave."""
        missing = [name for name in names if not self.text(name)]
        if missing:
            flags = ", ".join(f"--{name}" for name in missing)
            variables = ", ".join(self.flags[name].variable for name in missing)
            raise SettingsError(f"missing: {flags} (or the variables {variables}, or keys of the configuration file)")


def layered(names: Iterable[str], said: Mapping[str, str], environ: Mapping[str, str]) -> Values:
    """Return what was said of the flags `names` on the command line, in `environ` and in the configuration file.

    SettingsError where something was said that is not supported, or where the file cannot be used.
    """
    wanted = {name: FLAGS[name] for name in names}
    given = {
        name: Value(environ[flag.variable], flag.variable)
        for name, flag in wanted.items()
        if environ.get(flag.variable)
    }
    given |= {name: Value(text, f"--{name}") for name, text in said.items()}
    chosen = given.get(CONFIG)
    path = user_path(chosen.text) if chosen else config_file(environ)
    # Path.exists raises where a folder on the way is closed, as /root is to a container's other user.
    if chosen or os.path.exists(path):  # noqa: PTH110
        given = {name: value for name, value in _of_file(path).items() if name in wanted} | given
    values = Values(given, wanted)
    for name, flag in wanted.items():
        if flag.refused and name in given and (values.text(name) if flag.metavar else values.switch(name)):
            raise values.wrong(name, flag.refused)
    return values


def config_file(environ: Mapping[str, str]) -> Path:
    """Return where the configuration is read from when nothing else was said."""
    return user_path(environ.get("XDG_CONFIG_HOME") or "~/.config") / "rolebound" / "config.toml"


def user_path(text: str) -> Path:
    """Return the path; a `~` stays where there is no home directory, as for a container's user without a name."""
    return Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises there


def _of_file(path: Path) -> dict[str, Value]:
    """Return what the file says; it serves every command, so a flag of any is known."""
    import tomllib  # noqa: PLC0415 - many have no file

    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from None
    for name in document:
        if name not in FLAGS or name == CONFIG:
            from difflib import get_close_matches  # noqa: PLC0415 - on a mistake only

            near = get_close_matches(name, FLAGS.keys() - {CONFIG}, 1)
            raise SettingsError(f"{path}: there is no setting {name!r}{f'; did you mean {near[0]}?' if near else ''}")
    return {name: Value(_text(path, name, value), f"{name} in {path}") for name, value in document.items()}


def _text(path: Path, name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int):
        return str(value)
    raise SettingsError(f"{name} in {path}: it may be a string, a number, true or false")
