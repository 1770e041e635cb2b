"""`rolebound doctor`: why AWS says no, or that it does not."""

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError

from rolebound.diagnosis.checks import diagnosed, verdict
from rolebound.diagnosis.findings import Finding, Verdict
from rolebound.diagnosis.gathering import Question, gather
from rolebound.diagnosis.material import material_in
from rolebound.errors import CertificateUnsuitable, Error
from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.session import Endpoint, SessionRequest

_EXIT: Final = {Verdict.OK: 0, Verdict.WRONG: 1, Verdict.NOT_CHECKED: 3}
_CODES: Final = """
exit status:
  0  AWS gave a session, and nothing is wrong
  1  something is wrong; the lines marked `wrong` say what and how to mend it
  2  the question cannot be asked: a flag, a name or an ARN is not right
  3  nothing wrong was found, but there is no session: no call was made, or it could not be
"""


def main(arguments: list[str]) -> int:
    """Print what every check says; returns the exit status, which `--help` lists."""
    options = _parser().parse_args(arguments)
    try:
        findings = diagnosed(gather(_question(options), options.aws_profile))
    except (Error, BotoCoreError, ValueError) as error:
        print(f"rolebound: {error}", file=sys.stderr)
        return 2
    print(_as_json(findings) if options.output == "json" else _as_text(findings))
    return _EXIT[verdict(findings)]
