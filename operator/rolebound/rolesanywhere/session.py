"""CreateSession added to an ordinary botocore session.

AWS publishes the operation but no SDK has it. botocore has the places for it: a model of extras on the loader's search
path, a signer in its table of auth types, and an event in which the caller's identity becomes the request's
credentials. Everything else (endpoints, partitions, FIPS, proxies, CA bundles, errors) is botocore's own.
"""

from pathlib import Path
from typing import Any, Final

import botocore.session
from botocore.credentials import CredentialResolver
from botocore.loaders import Loader

from rolebound.model.identity import SigningIdentity
from rolebound.rolesanywhere.signing import X509Credentials

SERVICE: Final = "rolesanywhere"
_MODELS: Final = str(Path(__file__).parent / "data")
IDENTITY: Final = "identity"
"""The parameter of `create_session` that is not sent: the SigningIdentity, or X509Credentials, to sign with."""


class _OneService(Loader):
    """Finds models, and takes the one service for known.

    botocore's own looks into 400 directories for the names of all services, twice for each client: a tenth of a first
    call.
    """

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - botocore's signature
        """Return the service."""
        return [SERVICE]


def new_session() -> botocore.session.Session:
    """Return a session for clients of this service, and no other, that have the operation and no credentials."""
    session = register(botocore.session.Session())
    # The certificate is the only credential. Without this botocore looks for others: at EC2's metadata service, and in
    # the user's profile, whose credential_process may be the very command that is asking.
    session.register_component("credential_provider", CredentialResolver([]))
    paths = session.get_component("data_loader").search_paths
    session.register_component("data_loader", _OneService(paths, include_default_search_paths=False))
    return session


def register(session: botocore.session.Session) -> botocore.session.Session:
    """Give `session` the operation and return it.

    Its `rolesanywhere` clients then have `create_session(identity=…, trustAnchorArn=…, profileArn=…, roleArn=…)`.
    """
    loader = session.get_component("data_loader")
    if _MODELS not in loader.search_paths:
        loader.search_paths.append(_MODELS)
        session.register("provide-client-params.rolesanywhere.CreateSession", _take_identity)
    return session


def _take_identity(**event: Any) -> Any:
    """Move the identity from the call's parameters to where the signer finds it."""
    params: dict[str, Any] = event["params"]
    identity = params.get(IDENTITY)
    credentials = X509Credentials(identity) if isinstance(identity, SigningIdentity) else identity
    if not isinstance(credentials, X509Credentials):
        return params  # the signer says that there are no credentials
    event["context"].setdefault("signing", {})["request_credentials"] = credentials
    return {name: value for name, value in params.items() if name != IDENTITY}
