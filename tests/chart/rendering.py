"""The chart as Helm renders it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from testbed.cluster import Cluster

ROOT: Final = Path(__file__).parents[2]
CHART: Final = ROOT / "helm" / "rolebound"
NAMESPACE: Final = "rolebound-system"
POLICY_API: Final = "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy"
"""What Kubernetes serves from 1.36 on."""

Object = dict[str, Any]


@dataclass(frozen=True)
class Rendered:
    """What one `helm template` gave."""

    objects: tuple[Object, ...]

    @property
    def kinds(self) -> dict[str, int]:
        """How many objects of each kind there are."""
        kinds = [each["kind"] for each in self.objects]
        return {kind: kinds.count(kind) for kind in kinds}

    def all_of(self, kind: str) -> list[Object]:
        return [each for each in self.objects if each["kind"] == kind]

    def one(self, kind: str) -> Object:
        [found] = self.all_of(kind)
        return found

    @property
    def pod(self) -> Object:
        """The Deployment's pod template."""
        template: Object = self.one("Deployment")["spec"]["template"]
        return template

    @property
    def container(self) -> Object:
        [container] = self.pod["spec"]["containers"]
        found: Object = container
        return found

    @property
    def environment(self) -> dict[str, str]:
        """The container's variables with a value of their own."""
        return {each["name"]: each["value"] for each in self.container["env"] if "value" in each}


def template(cluster: Cluster, values: Object, *serves: str, check: bool = True) -> tuple[str, str]:
    """What `helm template` prints for a cluster that `serves` these kinds too, and what it complains of."""
    file = cluster.workdir / "chart-values.json"
    file.write_text(json.dumps(values))
    command = [
        "template",
        "rolebound",
        str(CHART),
        "-n",
        NAMESPACE,
        "-f",
        str(file),
        *(f"--api-versions={api}" for api in serves),
    ]
    done = cluster.helm(*command, check=check)
    return done.stdout, done.stderr


def render(cluster: Cluster, *serves: str, **values: Any) -> Rendered:
    """The chart with `values`, for a cluster that `serves` these kinds too."""
    printed, _ = template(cluster, values, *serves)
    return Rendered(tuple(each for each in yaml.safe_load_all(printed) if each))
