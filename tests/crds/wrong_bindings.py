"""What can be wrong with an AWSRoleBinding, and the sentence that its author reads."""

from tests.crds.objects import ABSENT, Wrong

SUBJECTS = "spec.subjects"
SUBJECT = f"{SUBJECTS}[0]"
API = {"kind": "ServiceAccount", "name": "api"}
TYPES = 'supported values: "CredentialProcess", "StaticFile", "Endpoint"'
PROFILE = "spec.delivery.profile"
PROFILE_CHARACTERS = f"{PROFILE}: …: delivery.profile may hold letters, digits and _.@- and begins with"
NAME = f"{SUBJECT}.name: …: a subject's name must be the name of a ServiceAccount, in lower case"

WRONG_BINDINGS = (
    Wrong("no subjects", "subjects", ABSENT, f"{SUBJECTS}: Required value"),
    Wrong("empty subjects", "subjects", [], f"{SUBJECTS}: … should have at least 1 items"),
    Wrong(
        "too many subjects",
        "subjects",
        [API | {"name": f"api-{i}"} for i in range(101)],
        f"{SUBJECTS}: Too many: 101: must have at most 100",
    ),
    Wrong("a subject twice", "subjects", [API, API], f"{SUBJECTS}[1]: Duplicate value: …api"),
    Wrong(
        "a name twice, as two kinds",
        "subjects",
        [API, API | {"kind": "User"}],
        f"{SUBJECTS}: …: each ServiceAccount may be named once in subjects",
    ),
    Wrong("a user", "subjects.0.kind", "User", f"{SUBJECT}.kind: …: subjects may be of kind ServiceAccount; users"),
    Wrong("a group", "subjects.0.kind", "Group", f"{SUBJECT}.kind: …: subjects may be of kind ServiceAccount; users"),
    Wrong("a kind too long", "subjects.0.kind", "K" * 33, f"{SUBJECT}.kind: Too long: may not be more than 32"),
    Wrong("a subject without name", "subjects.0.name", ABSENT, f"{SUBJECT}.name: Required value"),
    Wrong("a subject with an empty name", "subjects.0.name", "", f"{SUBJECT}.name: … at least 1 chars long"),
    Wrong("a subject in capitals", "subjects.0.name", "Api", NAME),
    Wrong("a subject of another namespace", "subjects.0.name", "kube-system/api", NAME),
    Wrong("a wildcard", "subjects.0.name", "*", NAME),
    Wrong("a name too long", "subjects.0.name", "a" * 254, f"{SUBJECT}.name: Too long: may not be more than 253"),
    Wrong("no roleRef", "roleRef", ABSENT, "spec.roleRef: Required value"),
    Wrong("roleRef without kind", "roleRef.kind", ABSENT, "spec.roleRef.kind: Required value"),
    Wrong("roleRef without name", "roleRef.name", ABSENT, "spec.roleRef.name: Required value"),
    Wrong("roleRef with an empty name", "roleRef.name", "", "spec.roleRef.name: … at least 1 chars long"),
    Wrong("roleRef too long", "roleRef.name", "r" * 254, "spec.roleRef.name: Too long: may not be more than 253"),
    Wrong(
        "roleRef to RBAC's kind",
        "roleRef.kind",
        "ClusterRole",
        'spec.roleRef.kind: Unsupported value: "ClusterRole": supported values: "ClusterAWSRole", "AWSRole"',
    ),
    Wrong(
        "unknown scope",
        "sessionScope",
        "Namespace",
        'spec.sessionScope: Unsupported value: "Namespace": supported values: "Pod", "ServiceAccount"',
    ),
    Wrong("unknown delivery", "delivery.type", "Env", f'spec.delivery.type: Unsupported value: "Env": {TYPES}'),
    Wrong("empty profile", "delivery.profile", "", f"{PROFILE}: … at least 1 chars long"),
    Wrong("profile too long", "delivery.profile", "p" * 65, f"{PROFILE}: Too long: may not be more than 64"),
    Wrong("profile that ends its section", "delivery.profile", "a]", PROFILE_CHARACTERS),
    Wrong("profile of two lines", "delivery.profile", "a\nb", PROFILE_CHARACTERS),
    Wrong("profile that begins with a dash", "delivery.profile", "-a", PROFILE_CHARACTERS),
)
