"""Status and percent of a task in every case: any previous status, any status now, any percent now.

``recorded/progress.txt`` holds the whole matrix. After a wanted change of the rules, run this file with
TANDEM_WRITE_GOLDEN=1 once and look at the difference.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from task_records import context, line, planned, program, task

from engine.language.program import Direction
from engine.links import Base
from engine.records import CRM, M365, Side, Value
from engine.sync.merge import merge
from engine.sync.slots import layout

RECORDED = Path(__file__).parent / "recorded" / "progress.txt"
OWN = "Waiting for parts"
STATUSES = ("Not Started", "In Progress", "On Hold", "Done", "Cancelled", OWN)
PERCENTS = range(101)
LENS = line("taskstatus<->percentComplete").lens


def usual(status: str) -> int:
    """The percent that a status has in Planner when nobody there typed another one."""
    found = LENS.to_m365(status, None, context())
    assert isinstance(found, int)
    return found


def synced(before: str, status: str, percent: int) -> tuple[Value, Value]:
    """Status and percent after a tick, of a pair that last agreed on the status ``before`` and its usual percent."""
    crm, m365 = task(taskstatus=status), planned(percentComplete=percent)
    base = Base({**crm.values, "taskstatus": before}, {**m365.values, "percentComplete": usual(before)})
    rules = program()
    found = merge(rules, layout(rules), crm, m365, base, context(), Direction(True, True, ""))
    written: dict[Side, dict[str, Value]] = {
        side: {change.path: change.after for change in found.changes[side]} for side in (CRM, M365)
    }
    assert set(written[CRM]) <= {"taskstatus"} and set(written[M365]) <= {"percentComplete"}
    return written[CRM].get("taskstatus", status), written[M365].get("percentComplete", percent)


def runs(before: str, status: str) -> str:
    """One cell of the matrix: stretches of percents with what they come to; = is the percent itself."""
    ends = [(percent, *synced(before, status, percent)) for percent in PERCENTS]
    cells = [(percent, f"{made} {'=' if after == percent else after}") for percent, made, after in ends]
    told = []
    for cell, group in groupby(cells, key=lambda pair: pair[1]):
        percents = [percent for percent, _ in group]
        stretch = str(percents[0]) if len(percents) == 1 else f"{percents[0]}-{percents[-1]}"
        told.append(f"{stretch}: {cell}")
    return "; ".join(told)


def matrix() -> Iterator[str]:
    yield "# The CRM's status was .. and is ..; per percent in Planner: status and percent after the tick (= as it was)"
    for before in STATUSES:
        for status in STATUSES:
            yield f"{before:18} {status:18} {runs(before, status)}"


def test_the_matrix_is_as_recorded() -> None:
    """All 3,636 cases."""
    text = "\n".join(matrix()) + "\n"
    if os.environ.get("TANDEM_WRITE_GOLDEN"):
        RECORDED.write_text(text, encoding="utf-8")
    assert text == RECORDED.read_text(encoding="utf-8")


@pytest.mark.parametrize("before", STATUSES)
def test_a_percent_typed_in_planner(before: str) -> None:
    """With the CRM untouched: 0 is Not Started, 100 Done, anything else In Progress; On Hold changes at 0 and 100
    only, Cancelled only away from 100; the percent itself always stays."""
    for percent in PERCENTS:
        status, after = synced(before, before, percent)
        expected = {0: "Not Started", 100: "Done"}.get(percent, "In Progress")
        if percent == usual(before) or (before == "On Hold" and 0 < percent < 100):
            expected = before
        assert (status, after) == (expected, percent)


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("status", STATUSES)
def test_a_status_chosen_in_the_crm(before: str, status: str) -> None:
    """With Planner untouched, and also where both changed: Not Started is 0, Done and Cancelled 100, any other 50,
    unless the percent already means the status; the status itself always stays."""
    if status == before:
        return
    meant = {"Not Started": {0}, "Done": {100}, "Cancelled": {100}, OWN: {50}}.get(status, set(range(1, 100)))
    for percent in PERCENTS:
        assert synced(before, status, percent) == (status, percent if percent in meant else usual(status))


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("status", STATUSES)
def test_a_second_tick_changes_nothing(before: str, status: str) -> None:
    """What a tick came to is agreed: the next one finds nothing to do, so 30 % typed in Planner stays 30 %."""
    for percent in PERCENTS:
        status_then, percent_then = synced(before, status, percent)
        crm, m365 = task(taskstatus=status_then), planned(percentComplete=percent_then)
        rules = program()
        base = Base(dict(crm.values), dict(m365.values))
        found = merge(rules, layout(rules), crm, m365, base, context(), Direction(True, True, ""))
        assert found.changes == {CRM: [], M365: []}
