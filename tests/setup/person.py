"""A person who sets AWS up, and what can go wrong behind their back."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rolebound.cli.setup import main
from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.identity import SigningIdentity
from rolebound.model.session import Endpoint, Session, SessionRequest
from rolebound.rolesanywhere.client import RolesAnywhere
from tests.support.aws import REGION, Aws


@dataclass
class Person:
    """Runs the command under a name of the test's own, and looks at what came of it."""

    account: Aws
    folder: Path
    capsys: pytest.CaptureFixture[str]
    name: str

    def setup(self, *options: str, status: int = 0) -> str:
        """Standard output."""
        return self.say(*options, status=status)[0]

    def plan(self, *options: str) -> str:
        """Standard error, where the plan is."""
        return self.say(*options)[1]

    def say(self, *options: str, status: int = 0) -> tuple[str, str]:
        self.capsys.readouterr()
        given = main(["--name", self.name, *options])
        told = self.capsys.readouterr()
        assert given == status, told.err
        return told.out, told.err

    def arns(self, *options: str) -> dict[str, str]:
        loaded: dict[str, str] = json.loads(self.setup("--output", "json", *options))
        return loaded

    def anchor(self) -> Any:
        return self._one("list_trust_anchors", "trustAnchors")

    def profile(self) -> Any:
        return self._one("list_profiles", "profiles")

    def role(self) -> Any:
        return self.account.client("iam").get_role(RoleName=self.name)["Role"]

    def policies(self) -> set[str]:
        attached = self.account.client("iam").list_attached_role_policies(RoleName=self.name)["AttachedPolicies"]
        return {each["PolicyName"] for each in attached}

    def session(self, arns: dict[str, str], folder: str = ".") -> Session:
        """A session with the client certificate in `folder`."""
        pair = [(self.folder / folder / name).read_bytes() for name in ("client-cert.pem", "client-key.pem")]
        request = SessionRequest(
            trust_anchor=TrustAnchorArn.parse(arns["trustAnchorARN"]),
            profile=ProfileArn.parse(arns["profileARN"]),
            role=RoleArn.parse(arns["roleARN"]),
            duration=timedelta(hours=1),
            session_name="shop.web.web-1",
        )
        endpoint = Endpoint(REGION, self.account.emulator.endpoint_url)
        return RolesAnywhere().create_session(SigningIdentity.from_pem(*pair), request, endpoint)

    def _one(self, operation: str, several: str) -> Any:
        listed = getattr(self.account.client("rolesanywhere"), operation)()[several]
        named = [each for each in listed if each["name"] == self.name]
        assert len(named) <= 1
        return named[0] if named else None


def drift_anchor(person: Person) -> None:
    anchor = person.anchor()["trustAnchorId"]
    person.account.client("rolesanywhere").disable_trust_anchor(trustAnchorId=anchor)


def drift_profile(person: Person) -> None:
    profile = person.profile()["profileId"]
    person.account.client("rolesanywhere").update_profile(
        profileId=profile, roleArns=[], managedPolicyArns=[], durationSeconds=900, acceptRoleSessionName=False
    )


def drift_role(person: Person) -> None:
    iam = person.account.client("iam")
    iam.attach_role_policy(RoleName=person.name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.detach_role_policy(RoleName=person.name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    open_to_all = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "rolesanywhere.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    iam.update_assume_role_policy(RoleName=person.name, PolicyDocument=json.dumps(open_to_all))
