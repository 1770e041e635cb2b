"""The one file in which an emulator keeps its resources and its account's IAM from one run to the next.

Written whole after each call that changes either, before that call is answered, and once more at the end, when the
subjects' last calls are in it too. No session is kept: its keys are unknown after a restart, as after an expiry. The
file has mode 0600, because users' secret access keys are in it.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final

from moto.iam.exceptions import IAMException

from rolebound.emulator.archive import resource_document, resource_from
from rolebound.emulator.files import write_whole
from rolebound.emulator.iam_archive import iam_document, restore_iam
from rolebound.emulator.resources import Resources

_VERSION: Final = 1
# What is not one of these in an operation's name changes something.
_READING: Final = ("Get", "List", "Generate", "Simulate")


@dataclass(frozen=True, slots=True)
class KeptState:
    """The file of one emulator, for one account in one partition."""

    path: Path
    account: str
    region: str
    resources: Resources
    _lock: Lock = field(default_factory=Lock)

    def load(self) -> bool:
        """Fill the resources and the account from the file, and return whether there is one; ValueError if unusable."""
        try:
            document = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return False
        except ValueError:
            raise ValueError(f"{self.path} is not a state file of the emulator: no JSON") from None
        self._check(document)
        try:
            kept = [resource_from(one) for one in document["resources"]]
            restore_iam(self.account, self.region, document["iam"])
        except (AttributeError, KeyError, TypeError, ValueError, IAMException) as error:
            what = f"{type(error).__name__}: {error}"
            raise ValueError(f"{self.path} is a damaged state file of the emulator: {what}") from None
        for resource in kept:
            self.resources.put(resource)
        return True

    def save(self) -> None:
        """Write everything as it is now; OSError where it cannot be written, and then the file is as it was."""
        with self._lock:
            document = {
                "version": _VERSION,
                "account": self.account,
                "region": self.region,
                "resources": [resource_document(resource) for resource in self.resources.all()],
                "iam": iam_document(self.account, self.region),
            }
            write_whole(self.path, json.dumps(document, indent=1).encode() + b"\n", mode=0o600)

    def _check(self, document: Any) -> None:
        if not isinstance(document, dict) or document.get("version") != _VERSION:
            raise ValueError(f"{self.path} is not a state file of this version of the emulator")
        for name, own in (("account", self.account), ("region", self.region)):
            if document.get(name) != own:
                raise ValueError(f"{self.path} is of the {name} {document.get(name)}, and not of {own}")


def changes_something(operation: str) -> bool:
    """Return whether that operation, of IAM or Roles Anywhere, may leave something to keep."""
    return not operation.startswith(_READING)
