"""What a replica does when it comes to lead, and when another does."""

from dataclasses import dataclass

from rolebound.refresh.refresher import Refresher
from rolebound.refresh.reporter import Reporter
from rolebound.refresh.resync import Resync


@dataclass(frozen=True, slots=True)
class LeadersDuties:
    """Every replica's watches keep its view of roles, bindings and pods; what the leader wrote none of them saw.

    A watch can be behind, and then knows nothing of a pod whose Secret is listed already: what nobody seems to want is
    taken away after the next complete view alone.
    """

    resync: Resync
    refresher: Refresher
    reporter: Reporter

    async def catch_up(self) -> None:
        """Read the credential Secrets; ClusterUnavailable where that cannot be."""
        await self.resync.secrets_again()

    def take_up(self) -> None:
        """Make what is missing, look at every status, and soon take away what nobody wants."""
        self.refresher.learn()
        self.resync.soon()
        self.reporter.forget()  # a term can end unnoticed, and others lead in between
        self.reporter.touch_all()

    def stand_back(self) -> None:
        """Forget the statuses that were written: they will not stay so."""
        self.reporter.forget()
