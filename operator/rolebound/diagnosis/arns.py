"""Whether the three ARNs and the endpoint's region agree with each other."""

from rolebound.diagnosis.facts import Facts
from rolebound.diagnosis.findings import Finding, ok, wrong


def region(facts: Facts) -> Finding:
    """Whether partition, account and region are the same wherever AWS wants them the same."""
    anchor, profile, role = facts.request.trust_anchor, facts.request.profile, facts.request.role
    if len({each.partition for each in (anchor, profile, role)}) > 1:
        return wrong(
            f"the trust anchor is in partition {anchor.partition}, the profile in {profile.partition}, the role in "
            f"{role.partition}",
            "use three ARNs of one partition",
        )
    if len({each.account for each in (anchor, profile, role)}) > 1:
        return wrong(
            f"the trust anchor is of account {anchor.account}, the profile of {profile.account}, the role of "
            f"{role.account}",
            "use three ARNs of one account; a role of another is assumed from the session, by sts:AssumeRole",
        )
    if anchor.region != profile.region:
        return wrong(
            f"the trust anchor is in {anchor.region}, the profile in {profile.region}",
            "make the profile in the trust anchor's region",
        )
    if facts.endpoint.region != anchor.region:
        return wrong(
            f"the call goes to {facts.endpoint.region}, and the trust anchor is in {anchor.region}",
            "leave the region out: the trust anchor's is used",
        )
    return _known(facts)


def _known(facts: Facts) -> Finding:
    """Judge the region by what botocore knows, which may be older than a region."""
    anchor = facts.request.trust_anchor
    for partition, regions in facts.known_regions.items():
        if anchor.region in regions and partition != anchor.partition:
            return wrong(
                f"{anchor.region} is a region of partition {partition}, and the ARNs say {anchor.partition}",
                "copy the ARNs again from the console or the CLI",
            )
    agreed = f"partition {anchor.partition}, account {anchor.account}, region {anchor.region}"
    if anchor.region in facts.known_regions.get(anchor.partition, frozenset()):
        return ok(agreed)
    return ok(agreed, f"{anchor.region} is newer than this botocore, or no region with Roles Anywhere")
