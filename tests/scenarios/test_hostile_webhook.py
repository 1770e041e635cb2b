"""Pods by the thousand, each with one annotation that asks the webhook for what cannot be."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest
from kubernetes import client, config

from testbed.operator import Operator
from tests.scenarios.webhook import bound, create, is_injected, plain_pod
from tests.support.aws import Aws
from tests.support.kubernetes import Sandbox

pytestmark = pytest.mark.controlplane

COUNT: Final = 2000
THREADS: Final = 32
HOSTILE: Final[dict[str, tuple[str, Callable[[int], str]]]] = {
    "unknown delivery": ("delivery", lambda number: f"Agent{number}"),
    "path as a delivery": ("delivery", lambda number: f"../../{number}/Endpoint"),
    "lines in a delivery": ("delivery", lambda number: f"Endpoint\nStaticFile{number}"),
    "huge delivery": ("delivery", lambda number: f"{number}" + "x" * 20_000),
    "path as a container": ("containers", lambda number: f"app,../../{number}"),
    "lines in a container": ("containers", lambda number: f"app\nother{number}"),
    "huge container": ("containers", lambda number: f"{number}" + "x" * 20_000),
    "containers without end": ("containers", lambda number: ",".join(f"c{number}-{each}" for each in range(200))),
    "ini lines in a profile": ("profiles", lambda number: f"p{number}]\ncredential_process = id\n[default"),
    "path as a profile": ("profiles", lambda number: f"../../{number}"),
    "huge profile": ("profiles", lambda number: f"{number}" + "x" * 20_000),
    "profile that is none": ("profiles", lambda number: "," * (1 + number % 7)),
    "letters that look like others": ("profiles", lambda number: f"dеfault{number}"),  # noqa: RUF001 - that is the point
}


def refusal(api: Any, namespace: str, number: int) -> tuple[str, int, str]:
    """How one hostile pod ended: its kind, the status, and what its author was told."""
    kind = list(HOSTILE)[number % len(HOSTILE)]
    annotation, value = HOSTILE[kind]
    pod = plain_pod(f"bad-{number}", annotations={f"rolebound.dev/{annotation}": value(number)})
    try:
        api.create_namespaced_pod(namespace, pod)
    except client.ApiException as error:
        return kind, error.status, str(json.loads(str(error.body))["message"])
    return kind, 201, ""


def memory(operator: Operator) -> int:
    """The operator's resident memory, MiB."""
    command = ["ps", "-o", "rss=", "-p", str(operator.process.popen.pid)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) // 1024


def test_two_thousand_bad_pods_at_once_are_each_refused_and_a_good_one_admitted(
    webhook: Operator, aws: Aws, sandbox: Sandbox
) -> None:
    setup = aws.setup()
    bound(sandbox, setup)
    sandbox.wait_reason("awsrolebinding", "reader", "Issued")
    connection: Any = config.new_client_from_config(str(sandbox.cluster.kubeconfig))
    connection.rest_client.pool_manager.connection_pool_kw["maxsize"] = THREADS
    api: Any = client.CoreV1Api(connection)
    before = memory(webhook)

    with ThreadPoolExecutor(THREADS) as pool:
        trying = [pool.submit(refusal, api, sandbox.namespace, number) for number in range(COUNT)]
        next(each for each in trying if each.result())
        good, said = create(sandbox, plain_pod("good"))
        assert not trying[-1].done()  # it was meanwhile
        ended = [each.result() for each in trying]

    assert is_injected(good), said
    assert Counter(status for _, status, _ in ended) == {422: COUNT}
    for kind, _, message in ended:
        assert f"annotation rolebound.dev/{HOSTILE[kind][0]}" in message, kind
        assert len(message) < 600
        assert "\n" not in message
    assert webhook.is_running()
    assert memory(webhook) < before + 64
    assert {each.session_name for each in setup.calls()} <= {f"{sandbox.namespace}.api.good"}
