"""What an emulator keeps in its state file, over a restart and over a death."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rolebound.emulator import AccessKey, Emulator, Settings
from rolebound.emulator.files import write_whole
from tests.emulator import pki
from tests.emulator.test_management import refusal
from tests.emulator.test_sessions import allow, policy
from tests.emulator.world import TRUST_POLICY, World

ACCOUNT = "555566667777"


EMPTY: dict[str, Any] = {
    "version": 1,
    "account": ACCOUNT,
    "region": "us-east-1",
    "resources": [],
    "iam": {"policies": [], "users": [], "groups": [], "roles": []},
}
GROUP = {"name": "g", "id": "i", "path": "/", "createdAt": "2026-01-01", "policies": {}, "attached": [], "users": []}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def settings(file: Path, **changes: Any) -> Settings:
    return replace(Settings(account=ACCOUNT, rate_limit=False, state_file=file), **changes)


def everything(world: World) -> dict[str, Any]:
    """What a user can ask about the account, but for what a restart may change."""
    iam, api = world.client("iam"), world.client("rolesanywhere")
    details = iam.get_account_authorization_details(Filter=["User", "Role", "Group", "LocalManagedPolicy"])
    del details["ResponseMetadata"]
    profiles, anchors, crls = (
        getattr(api, f"list_{kind}")()[member]
        for kind, member in (("profiles", "profiles"), ("trust_anchors", "trustAnchors"), ("crls", "crls"))
    )
    arns = [one["profileArn"] for one in profiles] + [one["trustAnchorArn"] for one in anchors]
    tags = {arn: api.list_tags_for_resource(resourceArn=arn)["tags"] for arn in arns}
    subjects = [api.get_subject(subjectId=one["subjectId"]) for one in api.list_subjects()["subjects"]]
    for subject in subjects:
        del subject["ResponseMetadata"]
    return {**details, "kept": [profiles, anchors, crls, tags, subjects]}


def furnish(world: World) -> None:
    """Give the account one of each thing that is kept."""
    iam, api = world.client("iam"), world.client("rolesanywhere")
    own = iam.create_policy(PolicyName="own", Path="/team/", PolicyDocument=policy(allow("s3:*")), Description="d")
    arn = own["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(allow("s3:GetObject")), SetAsDefault=True)
    iam.create_user(UserName="clerk", Path="/team/", Tags=[{"Key": "team", "Value": "shop"}])
    iam.put_user_policy(UserName="clerk", PolicyName="p", PolicyDocument=policy(allow("rolesanywhere:*")))
    iam.create_group(GroupName="clerks")
    iam.attach_group_policy(GroupName="clerks", PolicyArn=arn)
    iam.add_user_to_group(GroupName="clerks", UserName="clerk")
    more: dict[str, Any] = {
        "MaxSessionDuration": 7200,
        "Description": "of the shop",
        "Tags": [{"Key": "team", "Value": "shop"}],
    }
    role = world.role(**more)
    iam.attach_role_policy(RoleName=role.rpartition("/")[2], PolicyArn=arn)
    authority = pki.root()
    anchor = world.anchor(authority, aliasName="shop", crlDpRevocationEnabled=True)
    api.put_notification_settings(
        trustAnchorId=anchor.rpartition("/")[2],
        notificationSettings=[{"event": "CA_CERTIFICATE_EXPIRY", "enabled": True, "threshold": 10}],
    )
    profile = world.profile(role, tags=[{"key": "team", "value": "shop"}], sessionPolicy=policy(allow("s3:*")))
    api.delete_attribute_mapping(profileId=profile, certificateField="x509Issuer")
    crl = pki.revocation_list(authority, 7).encode()
    api.import_crl(name="crl", crlData=crl, trustAnchorArn=anchor, enabled=True)


def test_resources_and_iam_survive_a_restart(file: Path) -> None:
    with Emulator(settings(file)) as emulator:
        world = World(emulator)
        furnish(world)
        setup = world.setup()
        setup.credentials(instanceProperties={"rack": "7"})
        clerk = world.client("iam").create_access_key(UserName="clerk")["AccessKey"]
        before = everything(world)
        administrator = emulator.administrator

    with Emulator(settings(file)) as emulator:
        world = World(emulator)
        after = everything(world)

        assert after == before
        assert emulator.administrator == administrator
        assert replace(setup, world=world).create_session().status == 201
        key = AccessKey(clerk["AccessKeyId"], clerk["SecretAccessKey"])
        assert world.client("rolesanywhere", key).list_profiles()["profiles"]


def test_a_session_does_not_survive_and_leaves_no_secret(file: Path) -> None:
    with Emulator(settings(file)) as emulator:
        credentials = World(emulator).setup().credentials()
    kept = file.read_text()

    with Emulator(settings(file)) as emulator:
        sts = World(emulator).client("sts", credentials)
        assert refusal(sts.get_caller_identity)[1] == "InvalidClientTokenId"

    for name in ("accessKeyId", "secretAccessKey", "sessionToken"):
        assert credentials[name] not in kept


def test_only_the_owner_may_read_it(file: Path) -> None:
    with Emulator(settings(file)):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_was_deleted_stays_deleted(file: Path) -> None:
    with Emulator(settings(file)) as emulator:
        world = World(emulator)
        profile = world.profile()
        world.client("rolesanywhere").delete_profile(profileId=profile)

    with Emulator(settings(file)) as emulator:
        assert World(emulator).client("rolesanywhere").list_profiles()["profiles"] == []


@pytest.fixture
def command(file: Path) -> Iterator[subprocess.Popen[str]]:
    arguments = ["emulate", "--port=0", "--http", f"--account={ACCOUNT}", f"--state-file={file}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "rolebound", *arguments, f"--state-dir={file.parent / 'dir'}"],
        env={**os.environ, "PYTHONPATH": "operator"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_an_answered_change_survives_a_kill(file: Path, command: subprocess.Popen[str]) -> None:
    state = json.loads((file.parent / "dir" / "emulator.json").read_text())
    lines = Path(state["credentialsFile"]).read_text().splitlines()
    keys = dict(line.split(" = ") for line in lines if " = " in line)
    key = AccessKey(keys["aws_access_key_id"], keys["aws_secret_access_key"])
    remote = World(_Remote(state["endpointURL"], key))
    made = remote.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST_POLICY))["Role"]
    profile = remote.profile(made["Arn"])

    command.send_signal(signal.SIGKILL)
    command.wait()

    with Emulator(settings(file)) as emulator:
        [kept] = World(emulator).client("rolesanywhere").list_profiles()["profiles"]
        assert (kept["profileArn"], kept["roleArns"]) == (profile, [made["Arn"]])
        assert emulator.administrator == key


class _Remote(Emulator):
    """An emulator in another process, as far as a client asks."""

    def __init__(self, url: str, key: AccessKey) -> None:
        super().__init__(Settings(tls=False))
        self._url, self._key = url, key

    @property
    def endpoint_url(self) -> str:
        return self._url

    @property
    def administrator(self) -> AccessKey:
        return self._key


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no JSON"),
        ('{"version": 1, "acc', "no JSON"),
        ("[]", "not a state file of this version"),
        ('{"version": 2}', "not a state file of this version"),
        ('{"version": 1, "account": "111122223333", "region": "us-east-1"}', "of the account 111122223333"),
        (f'{{"version": 1, "account": "{ACCOUNT}", "region": "eu-west-1"}}', "of the region eu-west-1"),
        (f'{{"version": 1, "account": "{ACCOUNT}", "region": "us-east-1"}}', "damaged"),
        (f'{{"version": 1, "account": "{ACCOUNT}", "region": "us-east-1", "resources": [{{}}]}}', "damaged"),
        (json.dumps({**EMPTY, "iam": {**EMPTY["iam"], "groups": [GROUP, GROUP]}}), "damaged"),
    ],
)
def test_a_file_that_is_no_such_state_is_left_alone(file: Path, content: str, message: str) -> None:
    file.write_text(content)

    with pytest.raises(ValueError, match=message):
        Emulator(settings(file)).start()

    assert file.read_text() == content


def test_the_command_says_in_a_line_why_it_cannot_start(file: Path) -> None:
    file.write_text("{")

    done = subprocess.run(
        [sys.executable, "-m", "rolebound", "emulate", "--port=0", "--http", f"--state-file={file}"],
        env={**os.environ, "PYTHONPATH": "operator"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr == (
        f"rolebound: the emulator cannot start: {file} is not a state file of the emulator: no JSON\n"
    )


def test_a_change_that_cannot_be_kept_is_no_success(tmp_path: Path) -> None:
    elsewhere = tmp_path / "gone"
    elsewhere.mkdir()
    kept = elsewhere / "state.json"
    emulator = Emulator(settings(kept)).start()
    try:
        world = World(emulator)
        kept.unlink()
        elsewhere.rmdir()

        status, code, message = refusal(lambda: world.client("rolesanywhere").create_profile(name="a", roleArns=[]))
    finally:
        elsewhere.mkdir(exist_ok=True)
        emulator.stop()

    assert (status, code) == (500, "InternalFailure")
    assert "cannot be written" in message


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "state.json"
    target.mkdir()

    with pytest.raises(OSError, match="directory"):
        write_whole(target, b"new", mode=0o600)

    assert list(tmp_path.iterdir()) == [target]
