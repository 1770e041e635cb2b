"""What can be wrong with a ClusterAWSRole or AWSRole, and the sentence that its author reads."""

from tests.crds.objects import ABSENT, Wrong
from tests.support.builders import ANCHOR, PROFILE, ROLE

LOOKS_ROLE = "spec.roleARN: Invalid value: …: roleARN must look like arn:aws:iam::111122223333:role/NAME"
LOOKS_PROFILE = "spec.profileARN: Invalid value: …: profileARN must look like arn:aws:rolesanywhere:REGION:"
LOOKS_ANCHOR = "spec.trustAnchorARN: Invalid value: …: trustAnchorARN must look like arn:aws:rolesanywhere:REGION:"
ONE_PARTITION = "spec: Invalid value: …roleARN, profileARN and trustAnchorARN must be in one partition"
ONE_ACCOUNT = "spec: Invalid value: …roleARN, profileARN and trustAnchorARN must be in one account"
ONE_REGION = "spec: Invalid value: …profileARN and trustAnchorARN must be in one region"
SECRET_NAME = "spec.certificate.secretRef.name"
SESSION_NAME = "spec.sessionName: Invalid value: …: sessionName may hold {namespace}, {serviceAccount}, {pod}, letters"
REGION = "spec.region: Invalid value: …: region must be an AWS region like eu-central-1"
URL = "spec.endpointURL: Invalid value: …: endpointURL must be a URL like https://"
NAMES = "spec.allowedNamespaces.names"
SELECTOR = "spec.allowedNamespaces.selector"
VALUES = "Invalid value: …In and NotIn need values; Exists and DoesNotExist take none"

ARNS = (
    Wrong("role without ARN", "roleARN", ABSENT, "spec.roleARN: Required value"),
    Wrong("role that is a user", "roleARN", ROLE.replace("role/", "user/"), LOOKS_ROLE),
    Wrong("role by name alone", "roleARN", "platform/readers/of/everything", LOOKS_ROLE),
    Wrong("role with a short account", "roleARN", ROLE.replace("111122223333", "1111"), LOOKS_ROLE),
    Wrong("role with a blank", "roleARN", ROLE + " ", LOOKS_ROLE),
    Wrong("role too short", "roleARN", "arn:aws:iam::1", "spec.roleARN: Invalid value: … at least 20 chars long"),
    Wrong("role too long", "roleARN", ROLE + "r" * 640, "spec.roleARN: Too long: may not be more than 640"),
    Wrong("role of another service", "roleARN", ROLE.replace(":iam:", ":sts:"), LOOKS_ROLE),
    Wrong("profile left out", "profileARN", ABSENT, "spec.profileARN: Required value"),
    Wrong("profile that is an anchor", "profileARN", ANCHOR, LOOKS_PROFILE),
    Wrong("profile that is no ARN", "profileARN", "profile/0a1b2c3d-0000-4000-8000", LOOKS_PROFILE),
    Wrong("profile too short", "profileARN", "arn:aws", "spec.profileARN: Invalid value: … at least 20 chars long"),
    Wrong("profile too long", "profileARN", PROFILE + "0" * 256, "spec.profileARN: Too long: may not be more than 256"),
    Wrong("anchor left out", "trustAnchorARN", ABSENT, "spec.trustAnchorARN: Required value"),
    Wrong("anchor that is a profile", "trustAnchorARN", PROFILE, LOOKS_ANCHOR),
    Wrong("anchor without region", "trustAnchorARN", ANCHOR.replace("eu-central-1", ""), LOOKS_ANCHOR),
    Wrong("anchor too short", "trustAnchorARN", "arn", "spec.trustAnchorARN: Invalid value: … at least 20 chars long"),
    Wrong("anchor too long", "trustAnchorARN", ANCHOR + "0" * 256, "spec.trustAnchorARN: Too long: … more than 256"),
    Wrong("role of another partition", "roleARN", ROLE.replace("arn:aws:", "arn:aws-cn:"), ONE_PARTITION),
    Wrong("anchor of another partition", "trustAnchorARN", ANCHOR.replace(":aws:", ":aws-us-gov:"), ONE_PARTITION),
    Wrong("role of another account", "roleARN", ROLE.replace("1111", "9999"), ONE_ACCOUNT),
    Wrong("profile of another account", "profileARN", PROFILE.replace("1111", "9999"), ONE_ACCOUNT),
    Wrong("anchor of another account", "trustAnchorARN", ANCHOR.replace("1111", "9999"), ONE_ACCOUNT),
    Wrong("profile of another region", "profileARN", PROFILE.replace("eu-central-1", "eu-west-1"), ONE_REGION),
)

SESSIONS = (
    Wrong("a second too short", "sessionDurationSeconds", 899, "spec.sessionDurationSeconds: … or equal to 900"),
    Wrong("a second too long", "sessionDurationSeconds", 43201, "spec.sessionDurationSeconds: … or equal to 43200"),
    Wrong(
        "duration in words", "sessionDurationSeconds", "1h", 'spec.sessionDurationSeconds: …of type integer: "string"'
    ),
    Wrong("unknown placeholder", "sessionName", "{cluster}.{pod}", SESSION_NAME),
    Wrong("half a placeholder", "sessionName", "{pod", SESSION_NAME),
    Wrong("session name with a blank", "sessionName", "my session", SESSION_NAME),
    Wrong("session name too long", "sessionName", "n" * 257, "spec.sessionName: Too long: may not be more than 256"),
)

CERTIFICATES = (
    Wrong("no certificate", "certificate", ABSENT, "spec.certificate: Required value"),
    Wrong("no reference", "certificate", {}, "spec.certificate.secretRef: Required value"),
    Wrong("reference without name", "certificate", {"secretRef": {}}, f"{SECRET_NAME}: Required value"),
    Wrong("empty name", "certificate.secretRef.name", "", f"{SECRET_NAME}: … at least 1 chars long"),
    Wrong(
        "name too long", "certificate.secretRef.name", "a" * 254, f"{SECRET_NAME}: Too long: may not be more than 253"
    ),
    Wrong(
        "name in capitals",
        "certificate.secretRef.name",
        "Client",
        f"{SECRET_NAME}: …: certificate.secretRef.name must be the name of a Secret, in lower case",
    ),
    Wrong(
        "another namespace",
        "certificate.secretRef.name",
        "kube-system/client",
        f"{SECRET_NAME}: …: certificate.secretRef.name must be the name of a Secret, in lower case",
    ),
)

ENDPOINTS = (
    Wrong("half a region", "region", "eu-central", REGION),
    Wrong("zone", "region", "eu-central-1a", REGION),
    Wrong("region too long", "region", "eu-" + "central" * 5 + "-1", "spec.region: Too long: may not be more than 32"),
    Wrong("URL without scheme", "endpointURL", "vpce-0123.amazonaws.com", URL),
    Wrong("URL of another scheme", "endpointURL", "ftp://vpce-0123.amazonaws.com", URL),
    Wrong(
        "URL too long", "endpointURL", "https://" + "v" * 512, "spec.endpointURL: Too long: may not be more than 512"
    ),
    Wrong("FIPS in words", "useFIPS", "yes", 'spec.useFIPS: … must be of type boolean: "string"'),
    Wrong("dual stack in words", "useDualStack", "no", 'spec.useDualStack: … must be of type boolean: "string"'),
)

WRONG_ROLES = ARNS + SESSIONS + CERTIFICATES + ENDPOINTS


def _expression(**changes: object) -> list[dict[str, object]]:
    good: dict[str, object] = {"key": "team", "operator": "In", "values": ["shop"]}
    return [{key: value for key, value in (good | changes).items() if value is not ABSENT}]


NAMES_PATH = "allowedNamespaces.names"
LABELS_PATH = "allowedNamespaces.selector.matchLabels"
EXPRESSIONS_PATH = "allowedNamespaces.selector.matchExpressions"
EXPRESSIONS = f"{SELECTOR}.matchExpressions"

WRONG_ALLOWANCES = (
    Wrong("too many names", NAMES_PATH, [f"n-{i}" for i in range(1001)], f"{NAMES}: Too many: 1001: … at most 1000"),
    Wrong("a name twice", NAMES_PATH, ["shop", "shop"], f'{NAMES}[1]: Duplicate value: "shop"'),
    Wrong("an empty name", NAMES_PATH, [""], f"{NAMES}[0]: … at least 1 chars long"),
    Wrong("a name too long", NAMES_PATH, ["n" * 64], f"{NAMES}[0]: Too long: may not be more than 63"),
    Wrong("a name with a wildcard", NAMES_PATH, ["shop-*"], f"{NAMES}[0]: … should match '^[a-z0-9]("),
    Wrong(
        "too many labels", LABELS_PATH, {f"l{i}": "" for i in range(65)}, f"{SELECTOR}.matchLabels: Too many: 65: …64"
    ),
    Wrong(
        "a label value too long", LABELS_PATH, {"l": "v" * 64}, f"{SELECTOR}.matchLabels.l: Too long: … more than 63"
    ),
    Wrong("too many expressions", EXPRESSIONS_PATH, _expression() * 65, f"{EXPRESSIONS}: Too many: 65: … at most 64"),
    Wrong("no key", EXPRESSIONS_PATH, _expression(key=ABSENT), f"{EXPRESSIONS}[0].key: Required value"),
    Wrong("an empty key", EXPRESSIONS_PATH, _expression(key=""), f"{EXPRESSIONS}[0].key: … at least 1 chars long"),
    Wrong(
        "a key too long", EXPRESSIONS_PATH, _expression(key="k" * 317), f"{EXPRESSIONS}[0].key: Too long: … than 316"
    ),
    Wrong("no operator", EXPRESSIONS_PATH, _expression(operator=ABSENT), f"{EXPRESSIONS}[0].operator: Required value"),
    Wrong(
        "unknown operator",
        EXPRESSIONS_PATH,
        _expression(operator="Equals"),
        f'{EXPRESSIONS}[0].operator: Unsupported value: "Equals": supported values: "In", "NotIn"',
    ),
    Wrong("In without values", EXPRESSIONS_PATH, _expression(values=[]), f"{EXPRESSIONS}[0]: {VALUES}"),
    Wrong(
        "NotIn without values",
        EXPRESSIONS_PATH,
        _expression(operator="NotIn", values=ABSENT),
        f"{EXPRESSIONS}[0]: {VALUES}",
    ),
    Wrong("Exists with values", EXPRESSIONS_PATH, _expression(operator="Exists"), f"{EXPRESSIONS}[0]: {VALUES}"),
    Wrong(
        "too many values",
        EXPRESSIONS_PATH,
        _expression(values=[f"v{i}" for i in range(65)]),
        f"{EXPRESSIONS}[0].values: Too many: 65: must have at most 64",
    ),
    Wrong(
        "a value twice",
        EXPRESSIONS_PATH,
        _expression(values=["a", "a"]),
        f'{EXPRESSIONS}[0].values[1]: Duplicate value: "a"',
    ),
    Wrong(
        "a value too long",
        EXPRESSIONS_PATH,
        _expression(values=["v" * 64]),
        f"{EXPRESSIONS}[0].values[0]: Too long: may not be more than 63",
    ),
)
