"""Whom the service has seen: a subject for each name in certificates that led to a trust anchor, with its last calls.

Records and decides nothing. A certificate that leads nowhere leaves no trace, because its name proves nothing.
Source: https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_SubjectDetail.html
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from cryptography import x509

from rolebound.emulator.arns import Arn
from rolebound.emulator.resources import Attempt, Subject

# AWS publishes no limit; a subject whose certificate is renewed daily keeps three months of them.
_MOST_CERTIFICATES: Final = 100


def subject_arn(anchor: Arn, leaf: x509.Certificate) -> Arn:
    """Return the ARN of the leaf's subject, the same for every session of that name."""
    identity = uuid5(NAMESPACE_URL, f"{anchor} {leaf.subject.rfc4514_string()}")
    return Arn(anchor.partition, anchor.service, anchor.region, anchor.account, f"subject/{identity}")


def seen(arn: Arn, attempt: Attempt) -> Callable[[Subject | None], Subject]:
    """Return what `attempt` makes of the subject of that ARN, or of none."""

    def changed(subject: Subject | None) -> Subject:
        if subject is None:
            return Subject(
                arn=arn,
                enabled=True,
                created_at=attempt.at,
                updated_at=attempt.at,
                x509_subject=attempt.leaf.subject.rfc4514_string(),
                attempts=(attempt,),
            )
        others = [one for one in subject.attempts if one.leaf != attempt.leaf]
        kept = (*others, attempt)[-_MOST_CERTIFICATES:]
        return replace(subject, attempts=kept, updated_at=attempt.at)

    return changed
