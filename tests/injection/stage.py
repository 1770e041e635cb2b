"""What the vectors need to be there before their pods: namespaces, ServiceAccounts, bindings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from testbed.processes import wait_until
from tests.injection.api import Answer, Api, Object
from tests.support.injection import Case, cases

_NAMESPACES: Final = "/api/v1/namespaces"
_PLAIN: Final = "injection-without-bindings"
_LAST: Final = "injection-made-last"


@dataclass(frozen=True)
class Stage:
    """The namespaces, made."""

    api: Api

    def answer(self, case: Case, pod: Object) -> Answer:
        """What becomes of a pod where the case's bindings are."""
        return self._answer(case, pod, _namespace(case))

    def stored(self, case: Case, pod: Object) -> Object:
        """The pod with all that the API server adds, where no binding is and so no injector changes it."""
        answer = self._answer(case, pod, _PLAIN)
        assert answer.status in {HTTPStatus.OK, HTTPStatus.CREATED}, answer.message
        return answer.document

    def wait_until_seen(self) -> None:
        """Return when the injector in force knows the binding that was made last, and so all of them."""
        case = next(each for each in cases() if each.name == "credential-process")

        def seen() -> bool:
            stored = self.api.try_pod(_LAST, case.pod).document
            return "rolebound.dev/injected" in stored["metadata"].get("annotations", {})

        wait_until("bindings known to the injector", seen, 30)

    def _answer(self, case: Case, pod: Object, namespace: str) -> Answer:
        if not case.ephemeral:
            return self.api.try_pod(namespace, pod)
        kept = {key: value for key, value in pod["spec"].items() if key != "ephemeralContainers"}
        # This pod is really made: a scheduler that gave one of two a node meanwhile would make them differ.
        running = pod | {"spec": kept | {"schedulerName": "nobody"}}
        made = self.api.create(f"{_NAMESPACES}/{namespace}/pods", running)
        return self.api.try_ephemeral(namespace, made["metadata"]["name"], pod)


@contextmanager
def stage(api: Api) -> Iterator[Stage]:
    """Make what every case needs, and take it away at the end."""
    shared = next(each for each in cases() if each.name == "credential-process")
    wanted = [(_namespace(case), case.namespace, case.bindings) for case in cases()]
    wanted += [(_PLAIN, {}, ()), (_LAST, {}, shared.bindings)]
    try:
        for name, namespace, bindings in wanted:
            _make(api, name, namespace, bindings)
        yield Stage(api)
    finally:
        for name, _, _ in wanted:
            api.send("DELETE", f"{_NAMESPACES}/{name}", {})


def _namespace(case: Case) -> str:
    return f"injection-{case.name}"


def _make(api: Api, name: str, namespace: Object, bindings: tuple[Object, ...]) -> None:
    api.create(_NAMESPACES, {"metadata": namespace.get("metadata", {}) | {"name": name}})
    api.create(f"{_NAMESPACES}/{name}/serviceaccounts", {"metadata": {"name": "api"}})
    for binding in bindings:
        path = f"/apis/rolebound.dev/v1alpha1/namespaces/{name}/awsrolebindings"
        api.create(path, binding)
        if "status" in binding:
            where = f"{path}/{binding['metadata']['name']}/status"
            answer = api.send("PATCH", where, {"status": binding["status"]}, "application/merge-patch+json")
            assert answer.status == HTTPStatus.OK, answer.message
