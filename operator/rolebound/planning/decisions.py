"""Who gets what: one binding and one holder in, a credential or the reason against it out.

Pure, and closed by default: each step must find a permission, and what it does not find is a refusal. Whether the
certificate works and whether AWS agrees is not decided here; those are found out when a session is asked for, and do
not take away what was given.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from rolebound.api import names
from rolebound.errors import Conflict, Error, NamespaceNotAllowed, RoleNotFound, RoleNotReady, SpecInvalid
from rolebound.model.credential import Credential, UnitKey
from rolebound.model.objects import Binding, DeliveryType, ObjectName, Pod, Role, SessionScope
from rolebound.model.session import SessionRequest
from rolebound.planning.naming import session_name, shared_secret_name

# A Secret's name, as the API server checks it (RFC 1123 subdomain).
_SECRET_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the cluster says about a binding, beside the binding itself."""

    role: Role | Error | None
    """The role that it refers to; an Error where the role cannot be read, None where there is none."""
    namespace_labels: Mapping[str, str]
    rivals: tuple[Binding, ...] = field(default=())
    """The other bindings of the namespace."""


def permitted_role(binding: Binding, facts: Facts) -> Role:
    """Return the role that `binding` may use; the refusal is raised."""
    role = facts.role
    if role is None:
        raise RoleNotFound(f"{binding.role} does not exist; create it, or bind another role in a new AWSRoleBinding")
    if isinstance(role, Error):
        raise RoleNotReady(f"{binding.role} cannot be used: {role}")
    namespace = binding.name.namespace
    if role.allowed is not None and not role.allowed.allows(namespace, facts.namespace_labels):
        raise NamespaceNotAllowed(
            f"{binding.role} does not allow namespace {namespace}; "
            "whoever owns the role can list it in spec.allowedNamespaces"
        )
    return role


def check_first(binding: Binding, service_account: str, rivals: Iterable[Binding]) -> None:
    """Raise Conflict where an older binding gives the ServiceAccount the same profile."""
    for rival in rivals:
        older = (rival.created_at, rival.name) < (binding.created_at, binding.name)
        if older and rival.profile == binding.profile and service_account in rival.service_accounts:
            raise Conflict(
                f"AWSRoleBinding {rival.name.name} is older and gives ServiceAccount {service_account} "
                f"the profile {binding.profile!r}; remove the subject from one of them or set delivery.profile"
            )


def refusal_of(binding: Binding, facts: Facts) -> Error | None:
    """Return what keeps `binding`, or one of its subjects, from being served; None where nothing does."""
    try:
        permitted_role(binding, facts)
        for service_account in binding.service_accounts:
            check_first(binding, service_account, facts.rivals)
    except Error as refusal:
        return refusal
    return None


def shared_credential(binding: Binding, service_account: str, facts: Facts) -> Credential:
    """Return the credential that a subject's pods share; the refusal is raised."""
    role = permitted_role(binding, facts)
    check_first(binding, service_account, facts.rivals)
    return _credential(binding, role, service_account, shared_secret_name(binding.name, service_account), None)


def pod_credential(binding: Binding, pod: Pod, facts: Facts) -> Credential:
    """Return the credential of one pod; the refusal is raised.

    The pod's annotation says only which Secret it mounts. What it gets follows from its ServiceAccount.
    """
    role = permitted_role(binding, facts)
    check_first(binding, pod.service_account, facts.rivals)
    claim = pod.claim(binding.name.name)
    _check_claim(claim, binding, pod)
    for rival in facts.rivals:
        if _claims_too(rival, binding, pod):
            raise Conflict(
                f"AWSRoleBinding {rival.name.name} is older and fills the one Secret that pod {pod.name.name} claims"
            )
    return _credential(binding, role, pod.service_account, ObjectName(pod.name.namespace, claim), pod)


def _check_claim(claim: str, binding: Binding, pod: Pod) -> None:
    """Raise SpecInvalid where the pod mounts no Secret for the binding, or one whose name it may not claim."""
    if not claim and pod.delivery is not None:
        raise SpecInvalid(
            f"pod {pod.name.name} mounts no Secret of AWSRoleBinding {binding.name.name}: either it was made before "
            f"that binding, and is made again when you delete it; or the binding was left out, because the pod has "
            f"{pod.delivery} from another one: choose by the annotation {names.PROFILES}, or set {names.DELIVERY} to "
            f"{DeliveryType.CREDENTIAL_PROCESS}"
        )
    if not claim:
        raise SpecInvalid(
            f"pod {pod.name.name} names no Secret to put its credentials in: it was made before AWSRoleBinding "
            f"{binding.name.name}, or not injected; delete it so that it is made again, or set the annotation "
            f"{names.SECRET_CLAIM} to the Secret that its volume mounts"
        )
    if not _SECRET_NAME.fullmatch(claim):
        raise SpecInvalid(f"annotation {names.SECRET_CLAIM}: {claim[:80]!r} is not the name of a Secret")
    if claim.startswith(names.SHARED_PREFIX):
        raise SpecInvalid(
            f"annotation {names.SECRET_CLAIM}: {claim[:80]!r} begins with {names.SHARED_PREFIX}, as only the Secrets "
            "that ServiceAccounts share do; claim another name"
        )


def _claims_too(rival: Binding, binding: Binding, pod: Pod) -> bool:
    return (
        rival.scope is SessionScope.POD
        and pod.service_account in rival.service_accounts
        and pod.wants(rival.profile)
        and pod.claim(rival.name.name) == pod.claim(binding.name.name)
        and (rival.created_at, rival.name) < (binding.created_at, binding.name)
    )


def _credential(binding: Binding, role: Role, service_account: str, secret: ObjectName, pod: Pod | None) -> Credential:
    return Credential(
        key=UnitKey(binding.name, pod.uid if pod else service_account),
        secret=secret,
        owner=pod.ref if pod else binding.ref,
        binding=binding.ref,
        role=role.name,
        certificate=role.certificate,
        service_account=service_account,
        request=SessionRequest(
            role=role.role,
            profile=role.profile,
            trust_anchor=role.trust_anchor,
            duration=role.duration,
            session_name=session_name(
                role.session_name, binding.name.namespace, service_account, pod.name.name if pod else ""
            ),
        ),
        endpoint=role.endpoint,
        scope=binding.scope,
        delivery=binding.delivery,
        profile=binding.profile,
        renew=binding.renew,
    )
