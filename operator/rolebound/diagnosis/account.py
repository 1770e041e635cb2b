"""What the user's ordinary AWS login may read of the trust anchor, the profile, the role and their surroundings.

Every answer of AWS's becomes a fact: the thing, `Missing`, or `Unknown` with the permission that is wanting. Reads, and
never changes, anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar

import boto3.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.parsers import ResponseParserError
from cryptography import x509

from rolebound.diagnosis.certificates import printable
from rolebound.diagnosis.facts import Anchor, Missing, Profile, Role, Unknown
from rolebound.diagnosis.tags import DEFAULT_MAPPINGS
from rolebound.errors import CertificateError
from rolebound.model.arns import Arn
from rolebound.model.identity import SECRET, certificates_in, whole
from rolebound.model.session import Endpoint, SessionRequest

T = TypeVar("T")

BRIEF: Final = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2, "mode": "standard"})
_NO_SUCH_THING: Final = ("ResourceNotFoundException", "NoSuchEntity", "NoSuchEntityException")
_NOT_ALLOWED: Final = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
# An answer that is not AWS's, such as a proxy's page; botocore's own error for it is none of its BotoCoreErrors.
_UNREADABLE: Final = (KeyError, TypeError, ValueError, AttributeError, ResponseParserError)
_LOG_IN: Final = "log in to AWS as usual (aws sso login, AWS_PROFILE, --aws-profile) with rights to read"


@dataclass(slots=True)
class Account:
    """The account of the three ARNs, through one login."""

    login: boto3.session.Session
    request: SessionRequest
    endpoint: Endpoint
    verify: bool | None = None
    """False accepts any TLS certificate; None leaves it to botocore's own settings."""
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _account: str | Unknown = field(init=False)
    """Whose login it is, or why nothing can be read at all."""

    def __post_init__(self) -> None:
        self._account = self._login_account()

    def anchor(self) -> Anchor | Missing | Unknown:
        """Return the trust anchor."""
        arn = self.request.trust_anchor

        def read() -> Anchor:
            found = self._anywhere(arn.region).get_trust_anchor(trustAnchorId=arn.resource)["trustAnchor"]
            return Anchor(bool(found["enabled"]), self._authorities(found["source"]))

        return self._asked(arn, "rolesanywhere:GetTrustAnchor", read)

    def profile(self) -> Profile | Missing | Unknown:
        """Return the profile."""
        arn = self.request.profile

        def read() -> Profile:
            found = self._anywhere(arn.region).get_profile(profileId=arn.resource)["profile"]
            return _profile(found)

        return self._asked(arn, "rolesanywhere:GetProfile", read)

    def role(self) -> Role | Missing | Unknown:
        """Return the role."""
        arn = self.request.role

        def read() -> Role | Missing:
            found = self._client("iam").get_role(RoleName=arn.resource.rpartition("/")[2])["Role"]
            if found["Arn"] != arn.text:  # IAM looks for the name alone, and not for the path before it
                return Missing(f"{arn} (the role of that name is {found['Arn']})")
            longest = timedelta(seconds=int(found.get("MaxSessionDuration", 3600)))
            return Role(found["AssumeRolePolicyDocument"], longest)

        return self._asked(arn, "iam:GetRole", read)

    def revocations(self) -> tuple[x509.CertificateRevocationList, ...] | Unknown:
        """Return the enabled revocation lists of the trust anchor."""
        arn = self.request.trust_anchor

        def read() -> tuple[x509.CertificateRevocationList, ...]:
            pages = self._anywhere(arn.region).get_paginator("list_crls").paginate()
            return tuple(
                _revocation_list(each["crlData"])
                for page in pages
                for each in page["crls"]
                if each["enabled"] and each["trustAnchorArn"] == arn.text
            )

        return _there(self._asked(arn, "rolesanywhere:ListCrls", read))

    def quota(self) -> float | Unknown:
        """Return how many CreateSession calls a second AWS allows this account in this region."""

        def read() -> float:
            pages = self._client("service-quotas").get_paginator("list_service_quotas")
            for page in pages.paginate(ServiceCode="rolesanywhere"):
                for each in page["Quotas"]:
                    if "createsession" in each["QuotaName"].replace(" ", "").lower():
                        return float(each["Value"])
            raise KeyError("no such quota")

        return _there(self._asked(self.request.trust_anchor, "servicequotas:ListServiceQuotas", read))

    def _authorities(self, source: Mapping[str, Any]) -> tuple[x509.Certificate, ...] | Unknown:
        """Return the certificates of a trust anchor's source; AWS Private CA is asked for its own."""
        match source["sourceType"]:
            case "CERTIFICATE_BUNDLE":
                return _certificates(source["sourceData"]["x509CertificateData"])
            case "AWS_ACM_PCA":
                return self._private_ca(source["sourceData"]["acmPcaArn"])
        return Unknown(f"the trust anchor's CA is in {printable(str(source['sourceType']))}, which is not read")

    def _private_ca(self, arn: str) -> tuple[x509.Certificate, ...] | Unknown:
        def read() -> tuple[x509.Certificate, ...] | Unknown:
            client = self._client("acm-pca")
            return _certificates(
                client.get_certificate_authority_certificate(CertificateAuthorityArn=arn)["Certificate"]
            )

        permission = "acm-pca:GetCertificateAuthorityCertificate"
        return _there(self._asked(self.request.trust_anchor, permission, read))

    def _login_account(self) -> str | Unknown:
        try:
            return str(self._client("sts").get_caller_identity()["Account"])
        except NoCredentialsError:
            return Unknown("there is no AWS login besides the certificate", _LOG_IN)
        except ClientError as error:
            return Unknown(f"AWS does not take the login ({_code(error)})", _LOG_IN)
        except (BotoCoreError, *_UNREADABLE) as error:
            return Unknown(f"the AWS login cannot be used ({type(error).__name__})", _LOG_IN)

    def _asked(self, arn: Arn, permission: str, read: Callable[[], T]) -> T | Missing | Unknown:
        """Return what `read` reads about `arn`, or what AWS says instead."""
        if isinstance(self._account, Unknown):
            return self._account
        if self._account != arn.account:
            return Unknown(f"this AWS login is of account {printable(self._account)}", f"log in to {arn.account}")
        try:
            return read()
        except ClientError as error:
            return _refused(error, arn, permission)
        except BotoCoreError as error:
            return Unknown(f"{permission} cannot be asked ({type(error).__name__})")
        except _UNREADABLE as error:
            return Unknown(f"AWS's answer to {permission} cannot be read ({type(error).__name__})")

    def _anywhere(self, region: str) -> Any:
        return self._client("rolesanywhere", region, self.endpoint.url)

    def _client(self, service: str, region: str = "", url: str = "") -> Any:
        region = region or self.request.trust_anchor.region
        if (service, region) not in self._clients:
            make: Any = self.login.client  # the stubs know each service by its own name alone
            options = {"region_name": region, "endpoint_url": url or None, "verify": self.verify, "config": BRIEF}
            self._clients[service, region] = make(service, **options)
        return self._clients[service, region]


def _profile(found: Mapping[str, Any]) -> Profile:
    mappings = found.get("attributeMappings")
    return Profile(
        enabled=bool(found["enabled"]),
        roles=frozenset(found["roleArns"]),
        duration=timedelta(seconds=int(found.get("durationSeconds", 3600))),
        accepts_names=bool(found.get("acceptRoleSessionName", False)),
        mappings=DEFAULT_MAPPINGS if mappings is None else dict(map(_rules, mappings)),
        session_policy=found.get("sessionPolicy") or "",
    )


def _rules(mapping: Mapping[str, Any]) -> tuple[str, frozenset[str]]:
    return mapping["certificateField"], frozenset(rule["specifier"] for rule in mapping.get("mappingRules", ()))


def _refused(error: ClientError, arn: Arn, permission: str) -> Missing | Unknown:
    code = _code(error)
    if code in _NO_SUCH_THING:
        return Missing(arn.text)
    if code in _NOT_ALLOWED:
        return Unknown(f"this AWS login may not read it ({permission})", f"use a login that may {permission}")
    return Unknown(f"AWS does not answer {permission} ({code})")


def _there(fact: T | Missing | Unknown) -> T | Unknown:
    return Unknown(f"AWS knows no {fact.what}") if isinstance(fact, Missing) else fact


def _certificates(pem: str) -> tuple[x509.Certificate, ...] | Unknown:
    try:
        return tuple(whole(certificates_in(pem.encode()), SECRET))
    except CertificateError:
        return Unknown("the trust anchor's certificates cannot be read")


def _revocation_list(data: bytes) -> x509.CertificateRevocationList:
    load = x509.load_pem_x509_crl if data.lstrip().startswith(b"-----") else x509.load_der_x509_crl
    return load(data)


def _code(error: ClientError) -> str:
    return printable(str(error.response.get("Error", {}).get("Code", "without a code")))
