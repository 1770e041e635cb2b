"""A password as a person has it: in the first line of a file, or in their memory."""

import os
from getpass import getpass


def first_line(content: bytes) -> bytes:
    """Return the password in a file's content, whatever system's line ends it has."""
    return content.partition(b"\n")[0].removesuffix(b"\r")


def typed(prompt: str) -> bytes:
    """Return what is typed at the terminal, unseen; OSError where there is none, or nobody types."""
    os.close(os.open("/dev/tty", os.O_RDWR))  # getpass would read a password from standard input, and show it
    try:
        return os.fsencode(getpass(prompt))
    except EOFError:
        raise OSError("nothing was typed") from None
