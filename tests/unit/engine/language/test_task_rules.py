"""What the shipped rules of tasks make of records: every construct that tasks brought, seen from outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from task_records import IN_PLANNER, NOW, OWN_LIST, TO_DO, context, line, planned, program, task

from engine.context import Directory
from engine.lenses.base import Untranslatable
from engine.records import CRM, M365, NOT_FETCHED, Key, Record, Reference, Side, Value

DAY = timedelta(days=1)


def at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def fetched(record: Record, text: str | None = None) -> Record:
    """The Planner task with its details."""
    return replace(record, values={**record.values, "details": (text,)})


# ---- scope --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "user", "default_list", "reason"),
    [
        ({}, "u1", None, None),
        ({"activitytype": "Meeting"}, "u1", None, "not a task"),
        ({"assigned_user_id": "u9"}, "u1", None, "not my item"),
        ({"assigned_user_id": "u9", "users": ("u8", "u2")}, "u2", None, None),
        ({"tasklist": OWN_LIST}, "u1", None, "no Planner list"),
        ({"tasklist": None}, "u1", None, "no Planner list"),
        ({"tasklist": OWN_LIST}, "u1", "Site / To do", None),
    ],
)
def test_scope_asks_who_which_type_and_which_list(
    values: dict[str, Value], user: str, default_list: str | None, reason: str | None
) -> None:
    """A task of the user that lies in one of Planner's lists, or has a default list to go to."""
    found = program().scope(task(**values), planned(), context(user=user, default_list=default_list))
    assert (found.text if found else None) == reason


def test_planner_tasks_come_to_the_crm_with_a_member_assigned() -> None:
    """The user is compared by his account there; whoever is not assigned makes no CRM task."""
    change = program().change
    both = planned(assignments=("a3", "a2"))
    assert change("created in m365", None, both, context(user="u2")).policy == "create in crm"
    assert change("created in m365", None, both, context(user="u1")).policy == "leave alone"
    assert change("created in m365", None, planned(), context()).policy == "leave alone"


# ---- window, skip, fetch ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "due", "inside"),
    [
        (None, None, True), (NOW, None, True), (NOW - 63 * DAY, NOW - 63 * DAY, False),
        (NOW - 63 * DAY, NOW, True), (NOW, NOW - 63 * DAY, True), (NOW + 366 * DAY, NOW + 366 * DAY, False),
        (NOW + 366 * DAY, None, True),
    ],
)  # fmt: skip
def test_the_window_looks_at_both_dates(start: datetime | None, due: datetime | None, inside: bool) -> None:
    """Inside while either date is, or is empty."""
    crm, m365 = task(date_start=at(start) if start else None), planned(dueDateTime=at(due) if due else None)
    assert (program().window(crm, m365, context()) is None) is inside


def test_long_completed_tasks_change_nothing_in_the_crm() -> None:
    """Two weeks after its completion, to the second; Planner is written all the same."""
    skip, edge = program().skip, NOW - 14 * DAY
    assert set(skip) == {CRM}
    for completed, skipped in ((edge - timedelta(seconds=1), True), (edge, False), (NOW, False), (None, False)):
        m365 = planned(completedDateTime=at(completed) if completed else None)
        found = skip[CRM](task(), m365, context())
        assert (found is not None) is skipped
        if found is not None:
            entry = "tasks/skip to crm/completed in Planner more than two weeks ago"
            assert (found.side, found.entry) == (CRM, entry)
            assert program().place(entry).file == "tasks.rules"
    assert skip[CRM](task(), None, context()) is None


@pytest.mark.parametrize(
    ("due", "changed", "wanted"),
    [
        (NOW, frozenset(), True), (NOW + 30 * DAY, frozenset(), True), (NOW - 31 * DAY, frozenset(), True),
        (NOW + 31 * DAY, frozenset(), False), (NOW - 32 * DAY, frozenset(), False), (None, frozenset(), False),
        (None, frozenset({CRM}), True), (NOW + 300 * DAY, frozenset({CRM, M365}), True),
        (NOW + 300 * DAY, frozenset({M365}), False),
    ],
)  # fmt: skip
def test_details_are_fetched_near_the_due_date_or_after_an_edit_in_the_crm(
    due: datetime | None, changed: frozenset[Side], wanted: bool
) -> None:
    """One month either way; without a due date only an edit makes the request worth it."""
    m365 = planned(dueDateTime=at(due) if due else None)
    found = program().parts(task(), m365, context(changed=changed))
    assert found == (frozenset({"details"}) if wanted else frozenset())
    assert program().asks_changed


@pytest.mark.parametrize(
    ("due", "known", "lines"),
    [
        (NOW, True, ["description<->details.description"]),
        (NOW + 60 * DAY, True, ["description->details.description"]),
        (None, True, ["description->details.description"]),
        (NOW, False, []),
        (NOW + 60 * DAY, False, []),
    ],
)
def test_one_of_the_two_description_lines_acts(due: datetime | None, known: bool, lines: list[str]) -> None:
    """Both ways near the due date, the CRM's always when far, none while the text was not fetched."""
    m365 = planned(dueDateTime=at(due) if due else None)
    m365 = fetched(m365, "Text") if known else m365
    both = [one for one in program().lines if one.crm_path == "description"]
    assert [one.always for one in both] == [False, True]
    assert [(one.to_m365, one.to_crm) for one in both] == [(True, True), (True, False)]
    acting = [one.entry for one in both if one.guard and one.guard(task(), m365, context())]
    assert acting == [f"tasks/map/{entry}" for entry in lines]


# ---- recognising --------------------------------------------------------------------------------------------------

titles = st.sampled_from([None, "", " Paint the Door ", "paint the  door", "Doors"])
moments = st.none() | st.integers(0, 4 * 24).map(lambda hours: at(NOW + timedelta(hours=hours)))
zones = st.sampled_from(["Europe/London", "Pacific/Auckland", "America/Los_Angeles", "Asia/Kolkata"])


@settings(max_examples=300, deadline=None)
@given(subject=titles, title=titles, start=moments, due=moments, zone=zones)
def test_tasks_meet_by_title_and_day(
    subject: str | None, title: str | None, start: str | None, due: str | None, zone: str
) -> None:
    """A key of either side is equal to one of the other exactly when title and local day agree."""
    here = context(zone=zone)
    entry = program().matches[0]
    one = entry.crm_keys(task(subject=subject, date_start=start), here)
    other = entry.m365_keys(planned(title=title, dueDateTime=due), here)
    alike = (
        bool(subject and title) and "".join((subject or "").split()).lower() == "".join((title or "").split()).lower()
    )
    days = [datetime.fromisoformat(text).astimezone(_zone(zone)).date() for text in (start, due) if text]
    assert bool(set(one) & set(other)) is (alike and len(days) == 2 and days[0] == days[1])


def _zone(name: str) -> object:
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


def test_a_day_stands_in_the_key_as_the_users_span_of_it() -> None:
    """What the CRM is asked for: the folded title, and when the user's calendar day begins and ends."""
    m365 = planned(title=" Paint ", dueDateTime="2026-11-22T12:30:00Z")
    found = program().matches[0].m365_keys(m365, context(zone="Pacific/Auckland"))
    terms = (("subject", "paint"), ("date_start", "2026-11-22T11:00:00Z/2026-11-23T11:00:00Z"))
    assert found == (Key("tasks/match on first sync/by title", terms, True),)


# ---- lines --------------------------------------------------------------------------------------------------------


def test_a_start_comes_from_the_due_day_or_from_today() -> None:
    """With a due date its day at the user's time; without one, today's; only the second is for new records alone."""
    here = context(zone="America/New_York", start_time="08:15")
    by_day, by_today = line("date_start<-dueDateTime"), line("date_start<-today")
    assert by_day.lens.to_crm("2026-12-01T10:00:00Z", None, here) == "2026-12-01T13:15:00Z"
    assert by_day.guard and by_day.guard(None, planned(dueDateTime="2026-12-01T10:00:00Z"), here)
    assert not by_day.guard(None, planned(), here)
    assert by_today.source and by_today.source(None, planned(), here) == "2026-11-22T13:15:00Z"
    assert by_today.on_create and by_today.guard and by_today.guard(None, planned(), here)


def test_today_at_a_time_that_clocks_skip() -> None:
    """On the night that clocks go forward the time comes an hour later, on the same day."""
    here = context(now=datetime(2026, 3, 29, 12, tzinfo=UTC), start_time="01:30")
    source = line("date_start<-today").source
    assert source and source(None, planned(), here) == "2026-03-29T01:30:00Z"


def test_lists_travel_by_their_id() -> None:
    """A list of Planner goes both ways and stays where it is; the CRM's own and none move nothing, and name no place
    for a task that has none yet."""
    lens, here = line("tasklist<->bucket").lens, context()
    assert lens.to_m365(IN_PLANNER, None, here) == TO_DO
    assert lens.to_crm(TO_DO, OWN_LIST, here) == IN_PLANNER
    renamed = Reference("b1", "Site / Now", ("in_planner",))
    assert lens.same(renamed, IN_PLANNER) and lens.to_m365(renamed, TO_DO, here) == TO_DO
    for value, words in ((OWN_LIST, "not one of Planner's lists"), (None, "always in one of its lists")):
        assert lens.to_m365(value, TO_DO, here) == TO_DO
        with pytest.raises(Untranslatable, match=words):
            lens.to_m365(value, None, here)


def test_the_default_list_is_found_by_its_name() -> None:
    """The setting's name leads to a list of Planner; to nothing, to several or to a list of the CRM's own it is
    refused with a reason."""
    default = line("setting.default_list->bucket")
    assert default.source and default.on_create and default.guard
    assert default.guard(task(tasklist=OWN_LIST), None, context()) and default.guard(
        task(tasklist=None), None, context()
    )
    assert not default.guard(task(), None, context())
    known = {("crm", "TaskList", "site / to do"): (IN_PLANNER,), ("crm", "TaskList", "errands"): (OWN_LIST,)}
    twice = {("crm", "TaskList", "site / to do"): (IN_PLANNER, replace(IN_PLANNER, id="b2"))}
    here = context(names=known, default_list="Site / To do")
    assert default.source(task(tasklist=OWN_LIST), None, here) == TO_DO
    assert default.source(task(), None, context()) is None
    for names, name, words in (
        (known, "Nowhere", "is not there"), (twice, "Site / To do", "more than once"), (known, "Errands", "not one of"),
    ):  # fmt: skip
        with pytest.raises(Untranslatable, match=words):
            default.source(task(), None, context(names=names, default_list=name))  # type: ignore[arg-type]


def test_people_travel_with_the_assigned_user() -> None:
    """Assigned To goes to Planner beside the users, and is not read back."""
    there, back = line("users->assignments"), line("users<-assignments")
    assert (there.added, there.keep_others, there.merging) == ("assigned_user_id", True, there.lens)
    assert (back.added, back.keep_others, back.merging) == (None, True, back.lens)
    values: dict[str, Value] = {"users": ("u2",), "assigned_user_id": "u1", "assignments": ("a2",)}
    assert there.carried(CRM, values) == ("u2", "u1")
    assert there.carried(M365, values) == back.carried(M365, values) == ("a2",)
    assert back.carried(CRM, values) == ("u2",)
    assert there.carried(CRM, {"users": ("u2",)}) is NOT_FETCHED
    assert there.carried(CRM, {"users": ("u1",), "assigned_user_id": "u1"}) == ("u1",)
    assert there.carried(CRM, {"users": None, "assigned_user_id": "u1"}) == ("u1",)
    assert there.carried(CRM, {"users": None, "assigned_user_id": None}) is None


def test_a_new_planner_task_is_made_of_unguarded_lines() -> None:
    """What the generated projection makes of a CRM task: with people, day, percent and list; what waits for its
    guard or has no counterpart is left out."""
    crm = task(
        subject=" Paint ", taskstatus="Waiting for the key", date_start="2026-11-25T23:30:00Z", users=("u2", "u9"),
        description="Text",
    )  # fmt: skip
    assert program().project["m365"](crm.values, context()) == {
        "title": "Paint", "percentComplete": 50, "dueDateTime": "2026-11-25T10:00:00Z", "bucket": TO_DO,
        "assignments": ("a2", "a1"),
    }  # fmt: skip
    assert "bucket" not in program().project["m365"]({**crm.values, "tasklist": OWN_LIST}, context())
    alone = context(directory=Directory({"u1": "a1"}))
    assert program().project["m365"](crm.values, alone)["assignments"] == ("a1",)


def test_a_changed_assigned_user_moves_the_line_of_people() -> None:
    """The hot path sees the field that was added to a list."""
    crm: dict[str, Value] = {"users": None, "assigned_user_id": "u2"}
    m365: dict[str, Value] = {"assignments": ("a1",)}
    entries = [one.entry.rpartition("/")[2] for one in program().lines]
    moved = program().moved(crm, m365, {"users": None, "assigned_user_id": "u1"}, {"assignments": ("a1",)})
    assert [entries[index] for index in moved] == ["users->assignments"]
    assert program().moved(crm, m365, {"users": None, "assigned_user_id": "u2"}, {"assignments": ("a1",)}) == []


# ---- waking -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "completed", "flips"),
    [
        ("2027-01-10T10:00:00Z", None, ["2026-12-10T10:00:00", "2027-02-10T10:00:00.001", "2027-03-10T10:00:00.001"]),
        (None, "2026-11-20T09:00:00Z", ["2026-12-04T09:00:00.001"]),
        ("2026-11-01T10:00:00Z", "2026-11-20T09:00:00Z", ["2026-12-01T10:00:00.001", "2026-12-04T09:00:00.001"]),
        (None, None, []),
    ],
)
def test_tasks_wake_when_time_changes_an_answer(due: str | None, completed: str | None, flips: list[str]) -> None:
    """A month before the due date the text is worth fetching, a month after it is not; two weeks after completion
    the CRM is left alone; two months after the due date the window closes. An edit of now does not hide any of it."""
    m365, here = planned(dueDateTime=due, completedDateTime=completed), context(changed=frozenset({CRM}))
    crm = task(date_start=due)
    for expected in flips:
        found = program().flip(crm, m365, here)
        assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)
        here = replace(here, now=found)
    if not flips or completed:
        assert program().flip(crm, m365, here) is None or due is not None
