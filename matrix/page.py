"""A run's outcomes as the table of the reference page. Pure.

The page itself is written by hand and says why; the block between its two marks is a run's, and is replaced whole.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from matrix.programs import PROGRAMS, Program
from matrix.run import Cell, Pace
from matrix.verdicts import Outcome, Verdict
from rolebound.model.objects import DeliveryType

BEGIN: Final = "<!-- written by make sdk-matrix -->\n"
END: Final = "<!-- until here -->\n"
_ON_NODE: Final = (
    "A real kubelet kept the volumes that each program read, and for `Endpoint` the pod's own sidecar answered."
)
_WITHOUT_NODE: Final = (
    "This run had no kubelet: the Secret was laid out as files, and the sidecar's command ran beside the program."
)


def rewritten(page: str, cells: Sequence[Cell], refused: Mapping[Program, str], pace: Pace, *, has_node: bool) -> str:
    """Return the page with this run's table; ValueError where the page lacks the marks."""
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"the page has no block between {BEGIN.strip()} and {END.strip()}")
    sessions = f"Sessions of {pace.lifetime} s; a program that renews was to use {pace.sessions} or more."
    lines = [f"{sessions} {_ON_NODE if has_node else _WITHOUT_NODE}", "", *table(cells, refused)]
    return before + BEGIN + "\n" + "\n".join(lines) + "\n\n" + END + after


def table(cells: Sequence[Cell], refused: Mapping[Program, str]) -> list[str]:
    """Return the lines of the table: a row for every program, run or not."""
    outcomes = {(cell.program, cell.delivery): cell.outcome for cell in cells}
    heads = ["SDK", "Version tried", *DeliveryType, "Remark"]
    lines = [_row(heads), _row(["---"] * len(heads))]
    for program in PROGRAMS:
        shown = [
            _cell(outcomes[program, delivery]) if (program, delivery) in outcomes else _not_run(refused.get(program))
            for delivery in DeliveryType
        ]
        lines.append(_row([program.name, f"{program.library} {program.version}", *shown, program.remark]))
    return lines


def unexpected(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells that break the promise: refreshing deliveries work through expiry, without a failed call."""
    return [
        cell
        for cell in cells
        if cell.delivery is not DeliveryType.STATIC_FILE
        and (cell.outcome.failed or cell.outcome.verdict is not Verdict.WORKS)
    ]


def _cell(outcome: Outcome) -> str:
    return f"{outcome.verdict}: {outcome.failed} of {outcome.calls} calls failed, {outcome.keys} keys"


def _not_run(reason: str | None) -> str:
    return f"not run: {reason or 'left out'}"


def _row(columns: Sequence[str]) -> str:
    return f"| {' | '.join(columns)} |"
