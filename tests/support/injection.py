"""The cases of tests/vectors/injection, and how two pods are compared."""

import configparser
import copy
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

VECTORS: Final = Path(__file__).parents[1] / "vectors" / "injection"
SIDECAR_REPOSITORY, SIDECAR_TAG, PORT = "example.com/rolebound", "1", 9913
_FILE_TEXT: Final = "rolebound.dev/credentials-file"
_OURS_IN_METADATA: Final = ("labels", "annotations")

Object = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Case:
    """One folder of vectors."""

    name: str
    pod: Object
    bindings: tuple[Object, ...]
    namespace: Object
    patched: Object | None
    """None where the pod is refused."""
    outcome: Object

    @property
    def denied(self) -> list[str]:
        """The words of the refusal."""
        words: list[str] = self.outcome.get("denied", [])
        return words

    @property
    def ephemeral(self) -> bool:
        """Whether the pod runs already, and its ephemeral containers are what is new."""
        return self.outcome.get("request") == "ephemeralcontainers"

    @property
    def asks(self) -> bool:
        """Whether an injector sees the pod at all: the API server selects by labels."""
        label = self.pod["metadata"].get("labels", {}).get("rolebound.dev/inject")
        namespace = self.namespace.get("metadata", {}).get("labels", {}).get("rolebound.dev/inject")
        return bool(label == "true" or (label != "false" and namespace == "enabled"))

    def is_for(self, injector: str) -> bool:
        """Whether this injector can do it."""
        able: list[str] = self.outcome.get("injectors", [injector])
        return injector in able

    def untold(self, warnings: tuple[str, ...]) -> list[str]:
        """What is wrong with the warnings that were given: one that misses, and one that nobody asked for."""
        wanted = [" … ".join(words) for words in self.outcome.get("warnings", [])]
        tells = {
            want: [text for text in warnings if all(word in text for word in want.split(" … "))] for want in wanted
        }
        known = {text for texts in tells.values() for text in texts}
        missing = [f"not said: {want}" for want, texts in tells.items() if not texts]
        return missing + [f"not asked for: {text}" for text in warnings if text not in known]


@cache
def cases() -> tuple[Case, ...]:
    """Every case, by name."""
    return tuple(_case(folder) for folder in sorted(VECTORS.iterdir()) if folder.is_dir())


def comparable(pod: Object) -> Object:
    """The pod without what the API server makes up, and without orders that have no meaning."""
    pod = json.loads(_with_names_numbered(json.dumps({key: pod[key] for key in ("metadata", "spec")})))
    pod["metadata"] = {key: value for key in _OURS_IN_METADATA if (value := pod["metadata"].get(key))}
    annotations = pod["metadata"].get("annotations", {})
    if _FILE_TEXT in annotations:
        annotations[_FILE_TEXT] = _sections(annotations[_FILE_TEXT])
    spec = pod["spec"]
    for volume in spec.get("volumes", []):
        if volume["name"] == "rolebound-aws" and "projected" in volume:
            volume["projected"]["sources"].sort(key=json.dumps)
    spec.get("volumes", []).sort(key=lambda volume: volume["name"])
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(kind, []):
            container.get("volumeMounts", []).sort(key=lambda mount: mount["mountPath"])
    return pod


def with_any_region(pod: Object) -> Object:
    """The pod with the Secret of the region left open, among those that it mounts: any binding may come first."""
    pod = copy.deepcopy(pod)
    sources = [
        source
        for volume in pod["spec"].get("volumes", [])
        if volume["name"] == "rolebound-aws"
        for source in volume.get("projected", {}).get("sources", [])
    ]
    mounted = {source["secret"]["name"] for source in sources if "secret" in source}
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in pod["spec"].get(kind, []):
            for variable in container.get("env", []):
                reference = variable.get("valueFrom", {}).get("secretKeyRef", {})
                if reference.get("name") in mounted:
                    reference["name"] = "one that the pod mounts"
    return pod


def _case(folder: Path) -> Case:
    def read(name: str) -> list[Object]:
        path = folder / f"{name}.yaml"
        return [each for each in yaml.safe_load_all(path.read_text()) if each] if path.exists() else []

    [pod] = read("pod")
    return Case(
        name=folder.name,
        pod=pod,
        bindings=tuple(read("bindings")),
        namespace=next(iter(read("namespace")), {}),
        patched=next(iter(read("patched")), None),
        outcome=next(iter(read("outcome")), {}),
    )


def _with_names_numbered(text: str) -> str:
    """Names from a random source, numbered in the order in which they come."""
    text = re.sub(r"kube-api-access-[a-z0-9]{5}", "kube-api-access", text)
    for number, name in enumerate(dict.fromkeys(re.findall(r"rolebound\.[0-9a-f]{16}", text)), 1):
        text = text.replace(name, f"rolebound.number-{number}")
    return text


def _sections(text: str) -> Object:
    parser = configparser.RawConfigParser(default_section="no such section")
    parser.read_string(text)
    return {name: dict(parser[name]) for name in parser.sections()}
