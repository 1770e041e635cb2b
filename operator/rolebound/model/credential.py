"""A credential as it should be, and as it is in the cluster.

`Credential` is the plan for one Secret; `StoredCredential` is what the Secret's metadata says of itself. Comparing the
two decides everything: whether to issue, when to renew, what to take away. Neither holds a secret value.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rolebound.model.objects import DeliveryType, Kind, ObjectName, ObjectRef, RoleName, SessionScope
from rolebound.model.session import Endpoint, SessionRequest

# Raised whenever a Secret gets another key or another form, so that those of an older version are renewed.
_LAYOUT: Final = 2


@dataclass(frozen=True, slots=True, order=True)
class UnitKey:
    """One Secret's worth of a binding: the binding, and the pod or ServiceAccount that it is for."""

    binding: ObjectName
    holder: str
    """A pod's uid with `sessionScope: Pod`, else the ServiceAccount's name."""


@dataclass(frozen=True, slots=True)
class Credential:
    """One Secret as it should be."""

    key: UnitKey
    secret: ObjectName
    owner: ObjectRef
    """The pod or binding with which the Secret goes away."""
    binding: ObjectRef
    role: RoleName
    certificate: ObjectName
    service_account: str
    request: SessionRequest
    endpoint: Endpoint
    scope: SessionScope
    delivery: DeliveryType
    profile: str
    renew: str

    @property
    def pod(self) -> ObjectRef | None:
        """The pod that it is for, with `sessionScope: Pod`."""
        return self.owner if self.owner.kind is Kind.POD else None

    @property
    def fingerprint(self) -> str:
        """A digest of everything that a change of must renew the Secret for.

        The certificate is not part of it: a rotated one is used from the next renewal on, and a whole fleet's
        credentials do not all change because of it.
        """
        request = self.request
        parts = [
            request.role.text,
            request.profile.text,
            request.trust_anchor.text,
            int(request.duration.total_seconds()),
            request.session_name,
            self.endpoint.region,
            self.delivery,
            self.profile,
            self.renew,
            _LAYOUT,
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """A credential Secret of ours, as its metadata tells."""

    secret: ObjectName
    uid: str
    owner_uid: str
    fingerprint: str
    issued_at: datetime
    expires_at: datetime

    def serves(self, credential: Credential) -> bool:
        """Whether this Secret was made for the pod or binding that `credential` is for."""
        return self.secret == credential.secret and self.owner_uid == credential.owner.uid

    def was_written_over(self, listed: "StoredCredential | None") -> bool:
        """Whether this is the Secret that `listed` shows as it was before.

        AWS may take its time, so a session can be older than the list in which its Secret does not have it yet.
        """
        return listed is not None and listed.uid == self.uid and listed.issued_at < self.issued_at
