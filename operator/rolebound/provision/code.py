"""A set-up as code for those who let another tool make it: the same three objects, and no call to AWS.

CloudFormation in YAML. Terraform in its JSON syntax (`*.tf.json`), where every string has one way to be written.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import yaml

from rolebound.provision.desired import TAG, Desired
from rolebound.provision.trust import trust_policy

FORMATS: Final = ("cloudformation", "terraform")


def code(desired: Desired, form: str) -> str:
    """Return the set-up in one of `FORMATS`."""
    if form == "terraform":
        return json.dumps(_terraform(desired), indent=2) + "\n"
    return yaml.dump(_cloudformation(desired), Dumper=_Dumper, sort_keys=False, width=1 << 16)


class _Dumper(yaml.SafeDumper):
    """Writes certificates as the lines that they are, and nothing as a reference to something above."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _cloudformation(desired: Desired) -> Mapping[str, Any]:
    tags = [{"Key": TAG, "Value": desired.names.setup}]
    anchor_arn = {"Fn::GetAtt": ["TrustAnchor", "TrustAnchorArn"]}
    resources = {
        "TrustAnchor": {
            "Type": "AWS::RolesAnywhere::TrustAnchor",
            "Properties": {
                "Name": desired.names.setup,
                "Enabled": True,
                "Source": {"SourceType": "CERTIFICATE_BUNDLE", "SourceData": {"X509CertificateData": desired.bundle}},
                "Tags": tags,
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": desired.names.role,
                "AssumeRolePolicyDocument": trust_policy(anchor_arn, desired.pins),
                "ManagedPolicyArns": [_substituted(each) for each in dict.fromkeys(desired.policies)],
                "MaxSessionDuration": desired.role_seconds,
                "Tags": tags,
            },
        },
        "Profile": {
            "Type": "AWS::RolesAnywhere::Profile",
            "Properties": {
                "Name": desired.names.setup,
                "Enabled": True,
                "RoleArns": [{"Fn::GetAtt": ["Role", "Arn"]}],
                "ManagedPolicyArns": [_substituted(each) for each in dict.fromkeys(desired.session_policies)],
                "DurationSeconds": desired.duration_seconds,
                "AcceptRoleSessionName": True,
                "Tags": tags,
            },
        },
    }
    outputs = {
        "TrustAnchorARN": {"Value": anchor_arn},
        "ProfileARN": {"Value": {"Fn::GetAtt": ["Profile", "ProfileArn"]}},
        "RoleARN": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}},
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"IAM Roles Anywhere, the set-up {desired.names.setup}. Needs CAPABILITY_NAMED_IAM.",
        "Resources": resources,
        "Outputs": outputs,
    }


def _terraform(desired: Desired) -> Mapping[str, Any]:
    name = desired.names.setup
    tags = {TAG: name}
    anchor_arn = "${aws_rolesanywhere_trust_anchor.this.arn}"
    source_data = {"x509_certificate_data": desired.bundle}
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 5.80.0"}}},
        "data": {"aws_partition": {"current": {}}},
        "resource": {
            "aws_rolesanywhere_trust_anchor": {
                "this": {
                    "name": name,
                    "enabled": True,
                    "source": {"source_type": "CERTIFICATE_BUNDLE", "source_data": source_data},
                    "tags": tags,
                }
            },
            "aws_iam_role": {
                "this": {
                    "name": desired.names.role,
                    "assume_role_policy": json.dumps(trust_policy(anchor_arn, desired.pins)),
                    "max_session_duration": desired.role_seconds,
                    "tags": tags,
                }
            },
            "aws_iam_role_policy_attachment": {
                f"this_{number}": {"role": "${aws_iam_role.this.name}", "policy_arn": _interpolated(policy)}
                for number, policy in enumerate(dict.fromkeys(desired.policies))
            },
            "aws_rolesanywhere_profile": {
                "this": {
                    "name": name,
                    "enabled": True,
                    "role_arns": ["${aws_iam_role.this.arn}"],
                    "managed_policy_arns": [_interpolated(each) for each in dict.fromkeys(desired.session_policies)],
                    "duration_seconds": desired.duration_seconds,
                    "accept_role_session_name": True,
                    "tags": tags,
                }
            },
        },
        "output": {
            "trust_anchor_arn": {"value": anchor_arn},
            "profile_arn": {"value": "${aws_rolesanywhere_profile.this.arn}"},
            "role_arn": {"value": "${aws_iam_role.this.arn}"},
        },
    }


def _substituted(policy: str) -> Any:
    """Return a policy's ARN; one of AWS's own is in the partition of the stack."""
    return policy if policy.startswith("arn:") else {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{policy}"}


def _interpolated(policy: str) -> str:
    """Return a policy's ARN; one of AWS's own is in the provider's partition."""
    return (
        policy
        if policy.startswith("arn:")
        else f"arn:${{data.aws_partition.current.partition}}:iam::aws:policy/{policy}"
    )
