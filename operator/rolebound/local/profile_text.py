"""One profile of a credentials file, changed in the file's text: every other byte stays as it is.

Lines are read as SDKs read them, which is as Python's configparser does: a line that is indented more than its
setting goes on with it, `#` and `;` begin a comment line, and a section ends at the next header.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final

_HEADER: Final = re.compile(r"\[(?P<name>.+)\]")
_SETTING: Final = re.compile(r"(?P<name>.*?)\s*[=:]")
_COMMENTS: Final = ("#", ";")


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    """With its line end."""
    section: str
    setting: str = ""
    """In lower case; empty for headers, comments and blank lines."""
    goes_on: bool = False
    """Whether it is a further line of the setting."""
    is_said: bool = True
    """Whether it is more than a comment or a blank."""

    @property
    def depth(self) -> int:
        return len(self.text) - len(self.text.lstrip())


def with_profile(text: str, profile: str, settings: Mapping[str, str]) -> str:
    """Return `text` in which `profile` has `settings`; it is added at the end where it is not there."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = list(_lines(text))
    inside = [number for number, line in enumerate(lines) if line.section == profile and line.is_said]
    if not inside:
        gap = "" if not text else end if text.endswith(("\n", "\r")) else end + end
        return text + gap + f"[{profile}]{end}" + "".join(f"{name} = {value}{end}" for name, value in settings.items())
    kept: list[str] = []
    wanted = dict(settings)
    for number, line in enumerate(lines):
        if line.section != profile or line.setting not in settings:
            kept.append(line.text)
        elif not line.goes_on and line.setting in wanted:
            kept.append(f"{' ' * line.depth}{line.setting} = {wanted.pop(line.setting)}{end}")
        if number == inside[-1]:
            if wanted and not kept[-1].endswith(("\n", "\r")):
                kept[-1] += end
            depth = " " * _depth_after(lines, number)
            kept.extend(f"{depth}{name} = {value}{end}" for name, value in wanted.items())
    return "".join(kept)


def _depth_after(lines: Sequence[_Line], number: int) -> int:
    """Return how far a setting after that line is indented, so that it is none of the line before nor has the next."""
    section = [line for line in lines[: number + 1] if line.section == lines[number].section]
    settings = [line for line in section if line.setting and not line.goes_on]
    if settings:
        return settings[-1].depth
    return next((line.depth for line in lines[number + 1 :] if line.is_said), 0)


def _lines(text: str) -> Iterator[_Line]:
    section, setting, depth = "", "", 0
    for line in StringIO(text, newline=""):
        content = line.strip()
        if not content or content.startswith(_COMMENTS):
            yield _Line(line, section, is_said=False)
            continue
        found = _Line(line, section, setting, goes_on=True)
        if setting and found.depth > depth:
            yield found
            continue
        depth = found.depth
        header = _HEADER.match(content)
        named = _SETTING.match(content)
        section = header["name"] if header else section
        setting = "" if header or not named else named["name"].rstrip().lower()
        yield _Line(line, section, setting)
