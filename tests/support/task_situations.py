"""Small situations for the rules of tasks, and what the rules make of each, as plain data that can be recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from situations import Book, Outcome, about_settings
from task_records import (
    AGREED_CRM,
    AGREED_M365,
    CHANGED_CRM,
    CHANGED_M365,
    IDEAS,
    OWN_LIST,
    RULES,
    SCHEMAS,
    but,
    on,
    task,
)
from task_table import TaskTable

from crm import fields as crm_fields
from engine.context import SettingValue
from engine.language.compiler import compile_text
from engine.language.program import Program
from engine.links import NO_AGREEMENT
from engine.records import CRM, M365, Barred, Gone, Value
from graph_client import fields as graph_fields

DEFAULT: Final = "Move / Ideas"
OWN_STATUS: Final = "Waiting for parts"
DAYS_OF_THE_WINDOW: Final = (-100, -70, -50, 350, 380)
"""From today: beyond two months by weeks and by days, within them; within a year and beyond it."""
DAYS_OF_THE_TEXT: Final = (-45, -25, 25, 45)
"""The same for one month either way."""
BEFORE_NOW: Final = "05:00"
AFTER_NOW: Final = "20:00"

Situation: TypeAlias = "Callable[[TaskTable], Outcome]"


TURNS_OF_THE_WINDOW: Final = (on(-61, BEFORE_NOW), on(365, AFTER_NOW))
TURNS_OF_THE_TEXT: Final = (on(-31, BEFORE_NOW), on(30, AFTER_NOW))
"""On the days of either end, earlier or later than now."""


def _settings() -> dict[str, Situation]:
    org: Mapping[str, SettingValue] = {"direction": "to_m365", "start_time": "08:00", "default_list": "b1"}
    user: Mapping[str, SettingValue] = {"direction": "to_crm", "start_time": "07:30", "default_list": "b2"}
    return {
        **about_settings(org, user),
        "settings: the organisation has one way, the user both": lambda t: t.set_to(org, {"direction": "both"}),
        "settings: the user has one way, the organisation both": lambda t: t.set_to({"direction": "both"}, user),
    }


def _kept_in_step() -> dict[str, Situation]:
    crm, m365 = AGREED_CRM, AGREED_M365
    return {
        "nothing changed": lambda t: t.linked(crm, m365),
        "every field changed in the CRM": lambda t: t.linked(but(crm, CHANGED_CRM), m365),
        "every field changed in Planner": lambda t: t.linked(crm, but(m365, CHANGED_M365)),
        "every field emptied in the CRM": lambda t: t.linked(but(crm, dict.fromkeys(CHANGED_CRM, None)), m365),
        "text and people emptied in Planner": lambda t: t.linked(
            crm, but(m365, details=(None,), hasDescription=False, assignments=None)
        ),
        "spelt differently in the CRM": lambda t: t.linked(
            but(crm, subject="Paint the door ", description="Green.\r\n", date_start=on(3, "08:00")), m365
        ),
        "another minute of the day in Planner": lambda t: t.linked(crm, but(m365, dueDateTime=on(3, "11:59"))),
        "different fields changed on both sides": lambda t: t.linked(but(crm, subject="Gate"), but(m365, bucket=IDEAS)),
        "the same field changed on both sides": lambda t: t.linked(but(crm, subject="Gate"), but(m365, title="Wall")),
        "people changed on both sides": lambda t: t.linked(
            but(crm, users=("u2", "u3")), but(m365, assignments=("a1", "x9", "x8"))
        ),
        "one way to Planner, changed in Planner": lambda t: t.linked(crm, but(m365, CHANGED_M365), direction="to_m365"),
        "one way to the CRM, changed in the CRM": lambda t: t.linked(but(crm, CHANGED_CRM), m365, direction="to_crm"),
        "a list of the CRM's own": lambda t: t.linked(but(crm, tasklist=OWN_LIST), m365, default_list=DEFAULT),
        "given to a colleague who shares it": lambda t: t.linked(but(crm, assigned_user_id="u2", users=None), m365),
        "a colleague's who does not sync, shared with the user": lambda t: t.linked(
            but(crm, assigned_user_id="u9", subject="Gate"), m365
        ),
        "one way to the CRM, cancelled there and completed in Planner": lambda t: t.linked(
            but(crm, taskstatus="Cancelled"), but(m365, percentComplete=100), direction="to_crm"
        ),
        "assigned user taken off in Planner": lambda t: t.linked(crm, but(m365, assignments=("a2", "x9"))),
    }


def _progress() -> dict[str, Situation]:
    """Every status typed over every usual percentage, and every kind of percentage over every status."""
    usual = {"Not Started": 0, "In Progress": 50, "On Hold": 50, "Done": 100, "Cancelled": 100, OWN_STATUS: 50}
    found: dict[str, Situation] = {}
    for before, percent in usual.items():
        was: tuple[Mapping[str, Value], Mapping[str, Value]] = (
            {"taskstatus": before}, {"percentComplete": percent},
        )  # fmt: skip
        for after in usual:
            found[f"status: from {before} to {after}"] = (
                lambda t, was=was, after=after: t.moved(was, {"taskstatus": after})  # type: ignore[misc]
            )
        for typed in (0, 1, 30, 50, 51, 99, 100):
            found[f"percent: {before}, then {typed} %"] = (
                lambda t, was=was, typed=typed: t.moved(was, {"percentComplete": typed}, M365)  # type: ignore[misc]
            )
    return found


Dated: TypeAlias = "tuple[Mapping[str, Value], Mapping[str, Value]]"


def _dates() -> dict[str, Situation]:
    found: dict[str, Situation] = {
        "due date taken away": lambda t: t.linked(AGREED_CRM, but(AGREED_M365, dueDateTime=None)),
        "due date given, the CRM had none": lambda t: t.moved(
            ({"date_start": None}, {"dueDateTime": None}), {"dueDateTime": on(4)}, M365
        ),
        "start taken away in the CRM": lambda t: t.linked(but(AGREED_CRM, date_start=None), AGREED_M365),
    }
    for moment in (*map(on, DAYS_OF_THE_TEXT), *TURNS_OF_THE_TEXT):
        found |= {f"{moment}: {name}": situation for name, situation in _texts(moment).items()}
    for moment in (*map(on, DAYS_OF_THE_WINDOW), *TURNS_OF_THE_WINDOW):
        found |= {f"{moment}: {name}": situation for name, situation in _around(moment).items()}
    for moment in (*map(on, (-13, -16, -30, -70)), on(-14, BEFORE_NOW)):
        found |= {f"completed {moment}: {name}": situation for name, situation in _completed(moment).items()}
    return found


def _texts(moment: str) -> dict[str, Situation]:
    """Edits of a text whose task is due then."""
    was: Dated = ({"date_start": moment}, {"dueDateTime": moment})

    def both(table: TaskTable, crm: Mapping[str, Value]) -> Outcome:
        agreed = table.agreed_on(*was)
        return table.linked(but(agreed[0], crm), but(agreed[1], details=("Red.",)), agreed=agreed)

    return {
        "text changed in Planner": lambda t: t.moved(was, {"details": ("Red.",)}, M365),
        "text changed in the CRM": lambda t: t.moved(was, {"description": "Blue."}),
        "text changed on both sides": lambda t: both(t, {"description": "Blue."}),
        "text changed in Planner, title in the CRM": lambda t: both(t, {"subject": "Gate"}),
        "text changed in Planner, people in the CRM": lambda t: both(t, {"users": ("u3",)}),
    }


def _around(moment: str) -> dict[str, Situation]:
    """Tasks on this date of both sides."""
    return {
        "new in the CRM": lambda t: t.new_task(but(AGREED_CRM, date_start=moment)),
        "new in Planner": lambda t: t.new_card(but(AGREED_M365, dueDateTime=moment)),
        "title changed": lambda t: t.moved(({"date_start": moment}, {"dueDateTime": moment}), {"subject": "Gate"}),
    }


def _completed(moment: str) -> dict[str, Situation]:
    """Cards that were completed then."""
    card = but(AGREED_M365, completedDateTime=moment, percentComplete=100)
    return {
        "changed in Planner": lambda t: t.linked(AGREED_CRM, but(card, title="Wall")),
        "changed in the CRM": lambda t: t.linked(but(AGREED_CRM, subject="Gate"), card),
        "new in Planner": lambda t: t.new_card(card),
    }


def _coming() -> dict[str, Situation]:
    crm, m365 = AGREED_CRM, AGREED_M365
    return {
        "new in the CRM": lambda t: t.new_task(crm),
        "new in the CRM, an empty one": lambda t: t.new_task(task()),
        "new in the CRM, one way to the CRM": lambda t: t.new_task(crm, direction="to_crm"),
        "new in the CRM, a meeting": lambda t: t.new_task(but(crm, activitytype="Meeting")),
        "new in the CRM, a colleague's": lambda t: t.new_task(but(crm, assigned_user_id="u3", users=None)),
        "new in the CRM, shared with the second member": lambda t: t.new_task(but(crm, assigned_user_id="u3")),
        "new in the CRM, the second member's": lambda t: t.new_task(but(crm, assigned_user_id="u2", users=("u1",))),
        "new in the CRM, in a list of its own": lambda t: t.new_task(but(crm, tasklist=OWN_LIST)),
        "new in the CRM, without a list": lambda t: t.new_task(but(crm, tasklist=None)),
        "new in the CRM, in a list of its own, for the default list": lambda t: t.new_task(
            but(crm, tasklist=OWN_LIST), default_list=DEFAULT
        ),
        "new in the CRM, without a list, for the default list": lambda t: t.new_task(
            but(crm, tasklist=None), default_list=DEFAULT
        ),
        "new in the CRM, in a Planner list, with a default list": lambda t: t.new_task(crm, default_list=DEFAULT),
        "new in the CRM, for a default list that is not there": lambda t: t.new_task(
            but(crm, tasklist=None), default_list="Gone / List"
        ),
        **{
            f"new in the CRM, {status}": lambda t, status=status: t.new_task(but(crm, taskstatus=status))  # type: ignore[misc]
            for status in ("Not Started", "On Hold", "Done", "Cancelled", OWN_STATUS)
        },
        "new in Planner": lambda t: t.new_card(m365),
        "new in Planner, at another time of day": lambda t: t.new_card(m365, start_time="07:30"),
        "new in Planner without a due date": lambda t: t.new_card(but(m365, dueDateTime=None), start_time="07:30"),
        "new in Planner, assigned to nobody": lambda t: t.new_card(but(m365, assignments=None)),
        "new in Planner, assigned to the second member": lambda t: t.new_card(but(m365, assignments=("a2", "x9"))),
        "new in Planner, assigned to one who does not sync": lambda t: t.new_card(but(m365, assignments=("x9",))),
        "new in Planner, one way to Planner": lambda t: t.new_card(m365, direction="to_m365"),
        "new in Planner, one way to the CRM": lambda t: t.new_card(m365, direction="to_crm"),
    }


def _matching() -> dict[str, Situation]:
    m365, crm = AGREED_M365, AGREED_CRM
    alike = but(crm, subject="PAINT the  door", date_start=on(3, "23:00"))
    other = task("s", **{**alike.values, "description": "Another."})
    other_day, other_title = but(alike, date_start=on(4)), but(alike, subject="Paint the doors")
    return {
        "matched by title and day": lambda t: t.new_card(m365, [alike]),
        "matched, with other details": lambda t: t.new_card(m365, [but(alike, CHANGED_CRM, subject="paint the door",
                                                                       date_start=on(3))]),
        "matched, one side has gaps": lambda t: t.new_card(
            but(m365, details=(None,), hasDescription=False), [but(alike, taskstatus=None, users=None)]
        ),
        "matched, the CRM has no text": lambda t: t.new_card(m365, [but(alike, description=None)]),
        "another day, another title": lambda t: t.new_card(m365, [other_day, other_title]),
        "several match": lambda t: t.new_card(m365, [alike, other]),
        "the match is taken": lambda t: t.new_card(m365, [alike], ["t"]),
        "matched, assigned to nobody in Planner": lambda t: t.new_card(but(m365, assignments=None), [alike]),
        "matched with a colleague's": lambda t: t.new_card(m365, [but(alike, assigned_user_id="u3", users=None)]),
        "agreed nothing yet": lambda t: t.linked(but(crm, CHANGED_CRM), m365, NO_AGREEMENT),
    }  # fmt: skip


def _going() -> dict[str, Situation]:
    crm, m365 = AGREED_CRM, AGREED_M365
    gone_crm, gone_m365 = Gone(CRM, "Task", "t"), Gone(M365, "plannerTask", "m")
    return {
        "may not be read any more": lambda t: t.linked(Barred(CRM, "Task", "t"), m365),
        "became a meeting": lambda t: t.linked(but(crm, activitytype="Meeting", subject="Gate"), m365),
        "given to a colleague": lambda t: t.linked(but(crm, assigned_user_id="u3", users=None, subject="Gate"), m365),
        "given to nobody": lambda t: t.linked(but(crm, assigned_user_id=None, users=None), m365),
        "no Planner list any more": lambda t: t.linked(but(crm, tasklist=None, subject="Gate"), m365),
        "a list of the CRM's own, no default list": lambda t: t.linked(but(crm, tasklist=OWN_LIST), m365),
        "deleted in the CRM": lambda t: t.linked(gone_crm, m365),
        "deleted in the CRM, one way to the CRM": lambda t: t.linked(gone_crm, m365, direction="to_crm"),
        "deleted in Planner": lambda t: t.linked(crm, gone_m365),
        "deleted in Planner, in a list of the CRM's own": lambda t: t.linked(
            but(crm, tasklist=OWN_LIST), gone_m365, default_list=DEFAULT
        ),
        "deleted in Planner, one way to the CRM": lambda t: t.linked(crm, gone_m365, direction="to_crm"),
        "deleted on both sides": lambda t: t.linked(gone_crm, gone_m365),
    }


def compiled(text: str = RULES) -> Program:
    return compile_text("tasks.rules", text, SCHEMAS)


_UNSEEN: Final = "what may not be read is neither written nor deleted, whatever the rule says"
_FIRST_COUNTS: Final = "of two lines over the same fields the upper one counts, and here it always does"
_AGREED: Final = "Cancelled is 100 in Planner: both sides say the same before anybody asks what to make of it"
ALIKE: Final[Mapping[str, str]] = {
    "\"no permission\": stop syncing: 'stop syncing' -> 'delete in crm'": _UNSEEN,
    "\"no permission\": stop syncing: 'stop syncing' -> 'sync a last time, then stop'": _UNSEEN,
    "activitytype <- \"Task\" on create: 'on create' -> ''": "of another type it is out of scope: never written",
    "keep \"Cancelled\" while 100: 'keep \"Cancelled\"    while 100' -> ''": _AGREED,
    'keep "Cancelled" while 100: \'"Cancelled"\' -> \'"Cancelledx"\'': _AGREED,
    "date_start <- dueDateTime as day, at setting.start_time: '<-' -> '<->'": _FIRST_COUNTS,
    "when m365.details is fetched and not due_nearby: ' and not due_nearby' -> ''": _FIRST_COUNTS,
}
BOOK: Final = Book(
    "tasks", RULES, crm_fields.TASK, graph_fields.PLANNER_TASK, compiled, TaskTable,
    {**_settings(), **_kept_in_step(), **_progress(), **_dates(), **_coming(), **_matching(), **_going()}, ALIKE,
)  # fmt: skip
