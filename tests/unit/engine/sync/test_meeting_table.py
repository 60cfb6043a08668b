"""Whatever can happen to a meeting, cell by cell: records on both sides, whom it mails, and nothing left to do.

``golden/meetings.txt`` has a line per cell. After a wanted change run this file with TANDEM_WRITE_GOLDEN=1 once and
look at the difference.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from meeting_table import Case, Cell, cells

TABLE: Final = Path(__file__).parent / "golden" / "meetings.txt"
CELLS: Final = tuple(cells())
HEAD: Final = """\
# organiser, people besides Anna, when, kind, what happens, on which side: what there is then, and whom Tandem mailed.
# Records as words@day; × is cancelled; crm: records and assigned user/users.
"""


@cache
def recorded() -> dict[str, str]:
    """What each cell shall come to."""
    if os.environ.get("TANDEM_WRITE_GOLDEN"):
        TABLE.parent.mkdir(exist_ok=True)
        lines = [f"{cell!s:42} | {Case(cell).line()}" for cell in CELLS]
        TABLE.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {cell.strip(): came.strip() for cell, _, came in (line.partition("|") for line in lines)}


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_each_cell_of_the_table(cell: Cell) -> None:
    """It ends as recorded, mails what the client foretold, and a second plan is empty."""
    assert Case(cell).line() == recorded()[str(cell)]


def test_the_table_has_every_cell_that_is_possible() -> None:
    """No line too many, none missing."""
    assert list(recorded()) == [str(cell) for cell in CELLS]
