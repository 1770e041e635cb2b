"""What a replica does when it comes to lead, and when another does."""

from dataclasses import dataclass

from rolebound.refresh.refresher import Refresher
from rolebound.refresh.reporter import Reporter
from rolebound.refresh.resync import Resync


@dataclass(frozen=True, slots=True)
class LeadersDuties:
    """Every replica's watches keep its view of roles, bindings and pods; what the leader wrote none of them saw."""

    resync: Resync
    refresher: Refresher
    reporter: Reporter

    async def catch_up(self) -> None:
        """Read the credential Secrets; ClusterUnavailable where that cannot be."""
        await self.resync.secrets_again()

    def take_up(self) -> None:
        """Make what is missing, take away what nobody wants, and look at every status."""
        self.refresher.reconcile()
        self.reporter.forget()  # a term can end unnoticed, and others lead in between
        self.reporter.touch_all()

    def stand_back(self) -> None:
        """Forget the statuses that were written: they will not stay so."""
        self.reporter.forget()
