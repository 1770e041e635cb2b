"""A trust anchor's notification settings: what AWS would tell whom before a certificate expires.

Pure; the stand-in keeps and shows them, and notifies nobody. A setting that was never put, or was reset, is AWS's own.
Source: https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_NotificationSetting.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rolebound.emulator.messages import invalid

_EVENTS: Final = ("CA_CERTIFICATE_EXPIRY", "END_ENTITY_CERTIFICATE_EXPIRY")
_EVERY_CHANNEL: Final = "ALL"
# https://docs.aws.amazon.com/rolesanywhere/latest/userguide/customize-notification-settings.html
_DEFAULT_DAYS: Final = 45
_AWS: Final = "rolesanywhere.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Notification:
    """One setting: whether, and how many days before the event; `configured_by` is an account, or AWS itself."""

    enabled: bool = True
    threshold: int | None = _DEFAULT_DAYS
    configured_by: str = _AWS

    def detail(self, event: str) -> dict[str, object]:
        """Return the setting as the API shows it."""
        threshold = {} if self.threshold is None else {"threshold": self.threshold}
        own = {"enabled": self.enabled, "configuredBy": self.configured_by}
        return {"event": event, "channel": _EVERY_CHANNEL, **own, **threshold}


# Those that somebody put, by event.
Notifications = Mapping[str, Notification]


def with_settings(current: Notifications, settings: Iterable[Mapping[str, Any]], account: str) -> Notifications:
    """Return `current` with `settings` in it; Refusal where one is incomplete or there twice."""
    put: dict[str, Notification] = {}
    for setting in settings:
        event, threshold = setting["event"], setting.get("threshold")
        if event in put:
            raise invalid(f"notificationSettings name {event} more than once")
        if setting["enabled"] and threshold is None:
            raise invalid(f"The notification setting of {event} is enabled and needs a threshold")
        put[event] = Notification(bool(setting["enabled"]), threshold, account)
    return {**current, **put}


def without_settings(current: Notifications, keys: Iterable[Mapping[str, Any]]) -> Notifications:
    """Return `current` with AWS's own setting for each event in `keys`."""
    reset = {key["event"] for key in keys}
    return {event: setting for event, setting in current.items() if event not in reset}


def setting_details(current: Notifications) -> list[dict[str, object]]:
    """Return every event's setting as the API shows it."""
    return [current.get(event, Notification()).detail(event) for event in _EVENTS]
