"""The endpoint sidecar in real pods, as the how-to writes it, in a namespace that enforces the restricted standard."""

import json
from datetime import datetime
from typing import Any

import pytest
import yaml

from testbed import images
from testbed.operator import ROOT
from tests.node.conftest import application
from tests.node.test_pods import run, wait_running
from tests.support.aws import Aws, Setup
from tests.support.kubernetes import Sandbox

pytestmark = pytest.mark.node

HOWTO = ROOT / "docs" / "howto" / "serve-credentials-without-a-shell.md"
POD = next(text for text in HOWTO.read_text().split("```yaml\n") if text.startswith("apiVersion")).partition("```")[0]
AWS_VARIABLES = ("AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION")
TOKEN = "/var/run/secrets/rolebound.dev/endpoint/token"
URL = "http://127.0.0.1:9913/v1/credentials"


def with_sidecar(pod: dict[str, Any], secret: str) -> dict[str, Any]:
    """The pod with the sidecar, volumes and variables of the how-to's own pod."""
    shown: dict[str, Any] = yaml.safe_load(POD)["spec"]
    (sidecar,), (shown_app,), spec = shown["initContainers"], shown["containers"], pod["spec"]
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        container["securityContext"] = sidecar["securityContext"] | {"runAsUser": 65532}
        others = [each for each in container.get("env", []) if each["name"] not in AWS_VARIABLES]
        container["env"] = others + shown_app["env"]
        mounts = [each for each in container.get("volumeMounts", []) if each["name"] != "aws"]
        container["volumeMounts"] = mounts + shown_app["volumeMounts"]
    ours = sidecar | {"image": images.OPERATOR, "imagePullPolicy": "Never"}
    spec["initContainers"] = [ours, *spec.get("initContainers", [])]
    volumes = [each for each in spec.get("volumes", []) if each["name"] != "aws"] + shown["volumes"]
    spec["volumes"] = json.loads(json.dumps(volumes).replace("web-1-aws", secret))
    return pod


@pytest.fixture
def bound(aws: Aws, sandbox: Sandbox) -> Setup:
    """A role for the ServiceAccount of a restricted namespace."""
    restricted = "pod-security.kubernetes.io/enforce=restricted"
    sandbox.cluster.kubectl("label", "--overwrite", "namespace", sandbox.namespace, restricted)
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup), delivery={"type": "Endpoint"})
    return setup


def test_first_call_of_each_container_succeeds_and_the_pod_ends(aws: Aws, sandbox: Sandbox, bound: Setup) -> None:
    pod = application(sandbox, aws, "job", "job-aws")
    app = pod["spec"]["containers"][0] | {"command": ["aws", "sts", "get-caller-identity"]}
    pod["spec"] |= {"containers": [app], "initContainers": [app | {"name": "init"}], "restartPolicy": "Never"}
    pod["spec"]["terminationGracePeriodSeconds"] = 60
    sandbox.apply(with_sidecar(pod, "job-aws"))

    def ended() -> str:
        phase = sandbox.get("pod", "job")["status"]["phase"]
        return phase if phase in ("Succeeded", "Failed") else ""

    phase = sandbox.eventually("the pod has ended", ended, seconds=90)
    status = sandbox.get("pod", "job")["status"]
    logs = ["logs", "job", "-n", sandbox.namespace, "-c"]
    said = {name: sandbox.cluster.kubectl(*logs, name).stdout for name in ("init", "app", "rolebound-endpoint")}

    assert phase == "Succeeded", said
    sidecar, init = (each["state"]["terminated"] for each in status["initContainerStatuses"])
    container = status["containerStatuses"][0]["state"]["terminated"]
    assert sidecar["exitCode"] == 0
    assert seconds_between(sidecar["startedAt"], init["startedAt"]) >= 0
    assert seconds_between(container["finishedAt"], sidecar["finishedAt"]) < 20
    for name in ("init", "app"):
        assert json.loads(said[name])["Arn"].endswith(f"/{bound.name}/{sandbox.namespace}.api.job")


@pytest.mark.usefixtures("bound")
def test_image_without_a_shell_gets_each_renewed_key(aws: Aws, sandbox: Sandbox) -> None:
    pod = application(sandbox, aws, "scratch", "scratch-aws")
    pod["spec"]["containers"] = [{"name": "app", "image": "localhost/rolebound-pause:1", "imagePullPolicy": "Never"}]
    sandbox.apply(with_sidecar(pod, "scratch-aws"))
    wait_running(sandbox, "scratch")
    before = served(sandbox, "scratch")

    refused = run(sandbox, "scratch", *wget(), check=False)
    renew = ["awsrolebinding", "reader", "-n", sandbox.namespace, "rolebound.dev/renew=1"]
    sandbox.cluster.kubectl("annotate", *renew)
    after = sandbox.eventually(
        "the renewed key", lambda: (key := served(sandbox, "scratch")) != before and key, seconds=100
    )

    assert "401 Unauthorized" in refused
    assert after == sandbox.keys("scratch-aws")["AccessKeyId"]
    statuses = sandbox.get("pod", "scratch")["status"]
    restarts = [each["restartCount"] for each in statuses["initContainerStatuses"] + statuses["containerStatuses"]]
    assert restarts == [0, 0]


def served(sandbox: Sandbox, pod: str) -> str:
    """The access key id that the sidecar gives to a container that has no shell."""
    token = run(sandbox, pod, "/busybox", "cat", TOKEN)
    document = run(sandbox, pod, *wget("--header", f"Authorization: {token}"), check=False)
    key: str = json.loads(document)["AccessKeyId"]
    return key


def wget(*options: str) -> list[str]:
    return ["/busybox", "wget", "-q", "-O", "-", *options, URL]


def seconds_between(first: str, second: str) -> float:
    return (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds()
