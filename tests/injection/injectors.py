"""The injectors, each as what puts it in force, for as long as its context lasts, and no other."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from testbed.cluster import Cluster
from tests.injection.policies import policies_in_force
from tests.injection.webhook import injecting_webhook

INJECTORS: Final[dict[str, Callable[[Cluster], AbstractContextManager[None]]]] = {
    "policy": policies_in_force,
    "webhook": injecting_webhook,
}
