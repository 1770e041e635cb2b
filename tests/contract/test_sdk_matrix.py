"""The page of the SDK matrix tells of every program, at the version that is pinned, by every delivery."""

import pytest

from matrix.page import BEGIN, END
from matrix.programs import PROGRAMS, Program
from matrix.verdicts import Verdict
from rolebound.model.objects import DeliveryType
from tests.contract.test_house_style import ROOT

PAGE = (ROOT / "docs" / "reference" / "sdks.md").read_text()
HEADS, _, *LINES = [line for line in PAGE.partition(BEGIN)[2].partition(END)[0].splitlines() if line.startswith("|")]
ROWS = {name.strip(): [part.strip() for part in rest] for name, *rest in (line.split("|")[1:-1] for line in LINES)}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_page_has_a_row_for_the_pinned_version(program: Program) -> None:
    version, *cells, _ = ROWS[program.name]

    assert version == f"{program.library} {program.version}"
    assert len(cells) == len(DeliveryType)
    assert all(cell.startswith((*Verdict, "not run: no ")) for cell in cells), cells


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_no_call_failed_where_credentials_refresh(program: Program) -> None:
    """`make sdk-matrix` writes what it saw, good or bad: a page that breaks the promise is not committed."""
    _, *cells, _ = ROWS[program.name]
    by_delivery = dict(zip(DeliveryType, cells, strict=True))

    for delivery in (DeliveryType.CREDENTIAL_PROCESS, DeliveryType.ENDPOINT):
        assert by_delivery[delivery].startswith((f"{Verdict.WORKS}: 0 of ", "not run: no "))


def test_page_has_no_row_without_a_program() -> None:
    assert set(ROWS) == {program.name for program in PROGRAMS}
    assert [head.strip() for head in HEADS.split("|")[3:6]] == list(DeliveryType)
