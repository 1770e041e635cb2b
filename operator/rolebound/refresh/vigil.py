"""Notices at once when somebody deletes a credential Secret, so that it comes back before its pod needs it again.

By metadata alone: no credential leaves the API server for this. The complete view every few minutes makes up for
whatever a broken watch may have missed.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import structlog

from rolebound.cluster.api import VersionGone
from rolebound.cluster.secrets import CredentialSecrets, Position
from rolebound.errors import ClusterUnavailable
from rolebound.refresh.refresher import Refresher
from rolebound.refresh.term import Term

log = structlog.get_logger(__name__)

_AGAIN_AFTER: Final = 2.0  # seconds


@dataclass(slots=True)
class Vigil:
    """The watch of our own Secrets, again and again."""

    secrets: CredentialSecrets
    refresher: Refresher
    term: Term
    _seen: Position = field(default_factory=Position)

    async def run(self) -> None:
        """Tell the refresher of each deletion; a standby has nothing to put in its place."""
        while True:
            await self.term.begun()
            try:
                async for name, uid in self.secrets.deletions(self._seen):
                    self.refresher.secret_deleted(name, uid)
            except VersionGone:
                self._seen = Position()
            except ClusterUnavailable as error:
                log.warning("watch_failed", message=str(error))
            await asyncio.sleep(_AGAIN_AFTER)  # the next one starts where this one ended
