"""Every name that users and the API server see: group, kinds, labels, annotations, keys of a Secret.

Pure constants. A name that stands in a user's YAML must never change its meaning within a version.
"""

from typing import Final

GROUP: Final = "rolebound.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"

CLUSTER_ROLES: Final = "clusterawsroles"
ROLES: Final = "awsroles"
BINDINGS: Final = "awsrolebindings"

FIELD_MANAGER: Final = "rolebound"
MANAGED_BY_LABEL: Final = "app.kubernetes.io/managed-by"
MANAGED_BY: Final = "rolebound"

# On a pod: the label asks for credentials and keeps the operator's watch small; the annotation names the Secrets
# that the pod mounts. Both are claims: bindings decide.
INJECT_LABEL: Final = f"{GROUP}/inject"
INJECT: Final = "true"
DO_NOT_INJECT: Final = "false"
POD_SELECTOR: Final = f"{INJECT_LABEL}={INJECT}"
SECRET_CLAIM: Final = f"{GROUP}/secret"

# On a pod, by its author: how, which containers, which profiles.
DELIVERY: Final = f"{GROUP}/delivery"
CONTAINERS: Final = f"{GROUP}/containers"
PROFILES: Final = f"{GROUP}/profiles"

# On a pod, by the injector: the text of its credentials file, and the delivery type that it got.
FILE_TEXT: Final = f"{GROUP}/credentials-file"
INJECTED: Final = f"{GROUP}/injected"

MIRROR: Final = "kubernetes.io/config.mirror"

# On an AWSRoleBinding: any new value renews its credentials now.
RENEW: Final = f"{GROUP}/renew"

# Immutable on a Secret, so an admission policy can confine the operator to Secrets of its own.
CREDENTIALS_SECRET_TYPE: Final = f"{GROUP}/credentials"
TLS_SECRET_TYPE: Final = "kubernetes.io/tls"  # noqa: S105 - a type's name

# On a credential Secret: what it is, what issued it, and for how long. The schedule is rebuilt from these alone.
BINDING: Final = f"{GROUP}/binding"
ROLE: Final = f"{GROUP}/role"
SERVICE_ACCOUNT: Final = f"{GROUP}/service-account"
ASSUMED_ROLE: Final = f"{GROUP}/assumed-role"
CERTIFICATE_SERIAL: Final = f"{GROUP}/certificate-serial"
ISSUED_AT: Final = f"{GROUP}/issued-at"
EXPIRES_AT: Final = f"{GROUP}/expires-at"
ISSUED_FOR: Final = f"{GROUP}/issued-for"

CREDENTIALS_FILE: Final = "credentials"
CREDENTIALS_JSON: Final = "credentials.json"
CREDENTIALS_STATIC: Final = "credentials.static"
REGION_KEY: Final = "AWS_REGION"
# Names of Secrets that begin so are the operator's own, for `sessionScope: ServiceAccount`: no pod may claim one.
SHARED_PREFIX: Final = "rolebound-"

# In an injected pod.
VOLUME: Final = "rolebound-aws"
MOUNT_PATH: Final = "/var/run/secrets/rolebound.dev/aws"
ENDPOINT: Final = "rolebound-endpoint"
ENDPOINT_PATH: Final = "/var/run/secrets/rolebound.dev/endpoint"
ENDPOINT_AUDIENCE: Final = GROUP
