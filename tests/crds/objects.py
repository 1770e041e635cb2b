"""Good objects of the three kinds, ways to spoil them, and what the API server says of them."""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from testbed.cluster import Cluster
from tests.support.builders import ANCHOR, PROFILE, ROLE

CRDS: Final = Path(__file__).parents[2] / "crds"
KINDS: Final = ("ClusterAWSRole", "AWSRole", "AWSRoleBinding")
ROLE_KINDS: Final = KINDS[:2]
ABSENT: Final = object()
"""As a value: the field is left out."""

Object = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Wrong:
    """One mistake: `value` at `path` of a good object's spec, and the sentence that tells of it."""

    what: str
    path: str
    value: Any
    sentence: str
    """… stands for whatever is between, which is mostly the value again."""

    def __str__(self) -> str:
        return self.what

    def is_told(self, said: str) -> bool:
        """Whether the sentence is among what was said."""
        return re.search(".*".join(map(re.escape, self.sentence.split("…"))), said) is not None


def minimal(kind: str, **spec: Any) -> Object:
    """A good object with what is required and nothing else."""
    body = _role() if kind in ROLE_KINDS else _binding()
    scope = {} if kind == "ClusterAWSRole" else {"namespace": "default"}
    return {
        "apiVersion": "rolebound.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": "good"} | scope,
        "spec": body | spec,
    }


def full(kind: str) -> Object:
    """A good object with every field that its kind has."""
    if kind == "AWSRoleBinding":
        delivery = {"type": "StaticFile", "profile": "reports_2.eu@prod-x"}
        return minimal(kind, sessionScope="ServiceAccount", delivery=delivery, subjects=_subjects("api", "jobs.v2"))
    selector = {
        "matchLabels": {"team": "shop"},
        "matchExpressions": [
            {"key": "stage", "operator": "In", "values": ["prod"]},
            {"key": "stage", "operator": "NotIn", "values": ["test"]},
            {"key": "aws", "operator": "Exists"},
            {"key": "frozen", "operator": "DoesNotExist", "values": []},
        ],
    }
    allowed = {"allowedNamespaces": {"names": ["shop", "shop-2"], "selector": selector}}
    return minimal(
        kind,
        sessionDurationSeconds=43200,
        sessionName="{namespace}+{serviceAccount}={pod},a.b@c-d_e",
        region="us-gov-west-1",
        endpointURL="https://vpce-0123.rolesanywhere.eu-central-1.vpce.amazonaws.com:8443/path",
        useFIPS=True,
        useDualStack=True,
        **(allowed if kind == "ClusterAWSRole" else {}),
    )


def changed(body: Object, path: str, value: Any) -> Object:
    """`body` with `value` at `path` below its spec; numbers in a path are places in a list."""
    result = copy.deepcopy(body)
    *parents, last = path.split(".")
    place = result["spec"]
    for parent in parents:
        place = place[int(parent)] if isinstance(place, list) else place.setdefault(parent, {})
    key = int(last) if isinstance(place, list) else last
    if value is ABSENT:
        del place[key]
    else:
        place[key] = value
    return result


def accepted(cluster: Cluster, body: Object) -> Object:
    """What the API server would store, with its defaults."""
    done = cluster.kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", stdin=json.dumps(body))
    stored: Object = json.loads(done.stdout)
    return stored


def refusal(cluster: Cluster, body: Object) -> str:
    """What kubectl tells the author of a wrong object."""
    done = cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(body), check=False)
    assert done.returncode != 0, f"accepted: {done.stdout}"
    return done.stderr


@cache
def crd(kind: str) -> Mapping[str, Any]:
    """The CustomResourceDefinition of a kind."""
    documents = (yaml.safe_load(path.read_text()) for path in sorted(CRDS.glob("*.yaml")))
    found: Mapping[str, Any] = next(each for each in documents if each["spec"]["names"]["kind"] == kind)
    return found


def schema(kind: str) -> Mapping[str, Any]:
    """The schema of a kind's only version."""
    [version] = crd(kind)["spec"]["versions"]
    result: Mapping[str, Any] = version["schema"]["openAPIV3Schema"]
    return result


def nodes(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every schema below `node`, with its path as the API server writes it, places in lists left out."""
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}" if path else name)
    if "items" in node:
        yield from nodes(node["items"], f"{path}[]")
    if isinstance(node.get("additionalProperties"), dict):
        yield from nodes(node["additionalProperties"], f"{path}.*")


def _role() -> Object:
    return {
        "roleARN": ROLE,
        "profileARN": PROFILE,
        "trustAnchorARN": ANCHOR,
        "certificate": {"secretRef": {"name": "client"}},
    }


def _binding() -> Object:
    return {"subjects": _subjects("api"), "roleRef": {"kind": "ClusterAWSRole", "name": "readers"}}


def _subjects(*names: str) -> list[dict[str, str]]:
    return [{"kind": "ServiceAccount", "name": name} for name in names]
