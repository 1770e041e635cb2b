"""The page of the SDK matrix tells of every program, at the version that is pinned, by every delivery."""

import pytest

from matrix.programs import PROGRAMS, Program
from matrix.verdicts import Verdict
from rolebound.model.objects import DeliveryType
from tests.contract.test_house_style import ROOT

PAGE = (ROOT / "docs" / "reference" / "sdks.md").read_text()
ROWS = {
    line.split("|")[1].strip(): [part.strip() for part in line.split("|")[2:-1]]
    for line in PAGE.splitlines()
    if line.startswith("|")
}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_page_has_a_row_for_the_pinned_version(program: Program) -> None:
    version, *cells, _ = ROWS[program.name]

    assert version == f"{program.library} {program.version}"
    assert len(cells) == len(DeliveryType)
    assert all(cell.startswith((*Verdict, "not run: no ")) for cell in cells), cells


def test_page_has_no_row_without_a_program() -> None:
    assert set(ROWS) - {"SDK", "---"} == {program.name for program in PROGRAMS}
