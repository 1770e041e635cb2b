"""The time for which this replica leads. Calls to AWS, writes and Events are begun in it alone.

It ends by the clock, not by a message: a process that was stopped for a while, or whose API server does not answer,
begins nothing more although nobody told it so yet.
"""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Term:
    """Not begun at first."""

    _begun: asyncio.Event = field(default_factory=asyncio.Event)
    _until: float = 0.0

    @property
    def lasts(self) -> bool:
        """Whether this replica leads now."""
        return self._begun.is_set() and asyncio.get_running_loop().time() < self._until

    async def begun(self) -> None:
        """Return when this replica leads; at once where it does."""
        while not self.lasts:
            self._begun.clear()  # it ran out
            await self._begun.wait()

    def last(self, until: float) -> None:
        """Begin, or go on, until that instant of the event loop's clock."""
        self._until = until
        self._begun.set()

    def end(self) -> None:
        """End now."""
        self._begun.clear()
