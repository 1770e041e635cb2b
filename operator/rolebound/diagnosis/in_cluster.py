"""A ClusterAWSRole or AWSRole and its certificate Secret → the question, through the user's kubeconfig.

What the user may not read is said, and everything else is looked at all the same.
"""

from typing import Final

from rolebound.api.objects import parse_role
from rolebound.cluster import paths
from rolebound.cluster.api import KubernetesAPI, NotFound, load_user_configuration
from rolebound.cluster.certificates import certificate_and_key
from rolebound.diagnosis.facts import Material, Unknown
from rolebound.diagnosis.gathering import Question
from rolebound.diagnosis.material import material_of
from rolebound.errors import CertificateError, CertificateMissing, ClusterUnavailable, RoleNotFound
from rolebound.model.identity import certificates_in, private_key_in
from rolebound.model.objects import Kind, ObjectName, RoleName
from rolebound.model.session import SessionRequest

# Stands for the pods' names, whose template is the role's.
_SESSION_NAME: Final = "rolebound-doctor"


async def question_of(role: RoleName, operator_namespace: str, context: str | None) -> Question:
    """Return the question about `role`; an Error where the cluster or the role cannot be read.

    A ClusterAWSRole's certificate Secret is looked for in `operator_namespace`.
    """
    api = KubernetesAPI(await load_user_configuration(context))
    try:
        return await _question(api, role, operator_namespace)
    finally:
        await api.close()


async def _question(api: KubernetesAPI, name: RoleName, operator_namespace: str) -> Question:
    try:
        body = await api.get(paths.role(name))
    except NotFound:
        where = "; for an AWSRole give its --namespace" if name.kind is Kind.CLUSTER_ROLE else ""
        raise RoleNotFound(f"{name.kind} {name.name} does not exist, or the CRDs are not installed{where}") from None
    role = parse_role(body, operator_namespace)
    request = SessionRequest(
        role=role.role,
        profile=role.profile,
        trust_anchor=role.trust_anchor,
        duration=role.duration,
        session_name=_SESSION_NAME if role.session_name else "",
    )
    return Question(await _material(api, role.certificate), request, role.endpoint)


async def _material(api: KubernetesAPI, secret: ObjectName) -> Material | CertificateError | Unknown:
    try:
        certificates, key = certificate_and_key(secret, await api.get(paths.secret(secret)))
        return material_of(certificates_in(certificates), private_key_in(key))
    except NotFound:
        return CertificateMissing(f"Secret {secret} does not exist")
    except CertificateError as error:
        return error
    except ClusterUnavailable as error:
        return Unknown(f"Secret {secret} could not be read ({error})", "use a kubeconfig that may get this Secret")
