"""What to do about AWS's refusals, in words that hold in a pod and at a command line alike.

One list for whoever quotes AWS: the operator, after a refused CreateSession, and `rolebound doctor`, before one.
"""

from typing import Final

UNTRUSTED: Final = (
    "use the trust anchor that holds the CA which issued the certificate, "
    "and give every intermediate along with the certificate"
)
INSUFFICIENT: Final = "the usages do not suffice for AWS: add the extended key usage clientAuth"
REVOKED: Final = "the certificate is on a CRL that was imported for this trust anchor: issue a new one"
TOO_LONG: Final = "ask for a shorter session, or raise the role's maximum session duration"
NOT_ASSUMABLE: Final = (
    "check that the profile is enabled and lists the role, and that the role's trust policy lets "
    "rolesanywhere.amazonaws.com do sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity for this certificate"
)
NAMES_REFUSED: Final = "set acceptRoleSessionName on the profile"

BY_MESSAGE: Final = {
    "Untrusted signing certificate": UNTRUSTED,
    "Insufficient certificate": INSUFFICIENT,
    "Certificate revoked": REVOKED,
    "exceeds the MaxSessionDuration": TOO_LONG,
    "Unable to assume role": NOT_ASSUMABLE,
}
"""The remedy for a message of AWS's in which these words stand; the first that fits holds."""
