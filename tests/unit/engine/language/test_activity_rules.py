"""What the rules of activities make of records: every construct that meetings brought, seen from outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from activity_records import NOW, RULES, SCHEMAS, activity, context, event, line, program
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.language.compiler import compile_text
from engine.language.diagnostics import RuleErrors
from engine.language.program import Choice
from engine.lenses.base import Untranslatable
from engine.records import CRM, M365, NO_BASE, NOT_FETCHED, Value
from engine.zoned import Zoned

DAY = timedelta(days=1)


def at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def said(moment: datetime, zone: str = "Asia/Tokyo") -> str:
    return Zoned(moment, zone).text()


# ---- scope and window ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "user", "reason"),
    [
        ({}, "u1", None),
        ({"activitytype": "Call"}, "u1", None),
        ({"activitytype": "Task"}, "u1", "not a meeting"),
        ({"assigned_user_id": "u9"}, "u1", "not my item"),
        ({"assigned_user_id": "u9", "users": ("u2",)}, "u2", None),
    ],
)
def test_scope_asks_for_type_and_people(values: dict[str, Value], user: str, reason: str | None) -> None:
    """Meetings and calls of the user take part, whether assigned or on them."""
    found = program().scope(activity(**values), event(), context(user=user))
    assert (found.text if found else None) == reason


def test_drafts_wait() -> None:
    """A draft in Outlook is none of the CRM's business, and what becomes one stops."""
    found = program().scope(None, event(isDraft=True), context())
    assert found is not None and found.text == "draft"
    assert program().leaving(found, activity(), event(isDraft=True), context()).policy == "stop syncing"


@pytest.mark.parametrize(
    ("start", "begin", "inside"),
    [
        (NOW, said(NOW), True), (NOW - 63 * DAY, said(NOW), True), (NOW, said(NOW - 63 * DAY), True),
        (NOW - 63 * DAY, said(NOW - 63 * DAY), False), (NOW + 366 * DAY, said(NOW + 366 * DAY), False),
        (NOW + 366 * DAY, "2027-11-23", False), (NOW - 63 * DAY, "2026-09-22", True),
        (NOW - 63 * DAY, "2026-09-21", False), (None, None, False), (None, said(NOW), True), (NOW, None, True),
    ],
)  # fmt: skip
def test_the_window_looks_at_both_starts(start: datetime | None, begin: str | None, inside: bool) -> None:
    """Inside while either start is, be it an instant with a zone or a whole day; without a date it is left alone."""
    crm, m365 = activity(date_start=at(start) if start else None), event(start=begin)
    found = program().window(crm, m365, context())
    assert (found is None) is inside
    if found is not None:
        assert found.text == ("without a date" if start is None else "outside the window")
    assert (program().window(None, m365, context()) is None) is (begin in ("2026-09-22", said(NOW)))


def test_the_window_opens_by_itself() -> None:
    """A meeting beyond the window flips at the instant that its start comes in, to the second and in any zone."""
    start = datetime(2028, 3, 5, 8, tzinfo=UTC)
    flip = program().flip(None, event(start=said(start)), context(zone="UTC"))
    assert flip == datetime(2027, 3, 5, 8, tzinfo=UTC)
    assert program().window(None, event(start=said(start)), context(now=flip, zone="UTC")) is None


def test_a_meeting_that_ends_becomes_historic() -> None:
    """Whether attendees are added asks the clock, so the end is a flip, and one setting answers after the other."""
    guard = line("users->attendees").guard
    assert guard is not None
    end = NOW + timedelta(hours=2)
    crm = activity(date_start=at(NOW + timedelta(hours=1)), date_end=at(end))
    before, after = context(invite_to_future=True), context(now=end + timedelta(seconds=1), invite_to_future=True)
    assert guard(crm, event(), before) and not guard(crm, event(), after)
    assert guard(crm, event(), context(now=after.now, invite_to_past=True))
    assert program().flip(crm, None, before) == end + timedelta(milliseconds=1)


# ---- copies and series --------------------------------------------------------------------------------------------


def test_the_organisers_copy_leads() -> None:
    """The copies section says which copy is read and written, whom a new meeting belongs to, and what others get."""
    copies = program().copies
    assert copies is not None and program().m365.identity == "iCalUId"
    assert copies.organiser == "assigned_user_id" and copies.first_synced
    assert copies.leads(None, event(isOrganizer=True), context())
    assert not copies.leads(None, event(isOrganizer=False), context())
    assert not copies.leads(None, None, context())
    assert program().place(copies.entry).text == "same record: m365.iCalUId"
    assert program().place(copies.own).text == "other users: invitation, else own event"


def test_without_own_events_and_first_copies() -> None:
    """Both are a choice of the rules."""
    text = RULES.replace("invitation, else own event", "invitation").replace(", else the first synced", "")
    copies = program(text).copies
    assert copies is not None and copies.own == "" and not copies.first_synced


def test_series_choices() -> None:
    """What becomes of single occurrences and of the whole, with the entries that say so."""
    series = program().series
    assert series is not None
    assert series.cancelled == Choice("delete in crm", "activities/series/cancelled occurrence")
    assert series.deleted == Choice("delete that occurrence", "activities/series/deleted activity")
    assert series.all_deleted == Choice("delete the series", "activities/series/all activities deleted")
    assert program().place("activities/series/deleted series").text == "deleted series: as deleted in m365"
    other = program(RULES.replace("cancelled occurrence:       delete in crm", "cancelled occurrence: stop syncing"))
    assert other.series is not None and other.series.cancelled.policy == "stop syncing"


def test_every_entry_has_its_place() -> None:
    """What plans quote leads to file and line, help and all."""
    lines = RULES.split("\n")
    for place in program().entries.values():
        assert " ".join(lines[place.line - 1].split()).startswith(place.text.split(" when ")[0][:40])
    assert [spec.name for spec in program().settings if not spec.help] == []


# ---- recognising --------------------------------------------------------------------------------------------------

titles = st.sampled_from([None, "", " Site Visit ", "site  visit", "Visits"])
starts = st.none() | st.integers(0, 48).map(lambda hours: at(NOW + timedelta(minutes=30 * hours)))
begins = (
    st.none()
    | st.builds(
        lambda hours, zone: said(NOW + timedelta(minutes=30 * hours), zone),
        st.integers(0, 48), st.sampled_from(["Europe/London", "Asia/Kolkata", "America/New_York"]),
    )
    | st.sampled_from(["2026-11-22", "2026-11-23"])
)  # fmt: skip
zones = st.sampled_from(["Europe/London", "Pacific/Auckland", "America/Los_Angeles", "Asia/Kolkata"])


@settings(max_examples=300, deadline=None)
@given(subject=titles, title=titles, start=starts, begin=begins, zone=zones)
def test_meetings_meet_by_title_and_instant(
    subject: str | None, title: str | None, start: str | None, begin: str | None, zone: str
) -> None:
    """A key of either side is equal to one of the other exactly when title and instant agree; the zone that the time
    was said in makes no difference, and a whole day begins at the user's midnight."""
    here, (entry,) = context(zone=zone), program().matches
    one = entry.crm_keys(activity(subject=subject, date_start=start), here)
    other = entry.m365_keys(event(subject=title, start=begin), here)
    alike = (subject or "").split() != [] and (subject or "").casefold().split() == (title or "").casefold().split()
    wanted = line("date_start<->start").lens.to_crm(begin, None, here)
    assert bool(set(one) & set(other)) is (alike and start is not None and start == wanted)


def test_a_match_is_looked_up_by_the_span_of_its_second() -> None:
    """The CRM finds an instant between the ends of the second that the event starts in."""
    (entry,) = program().matches
    (key,) = entry.m365_keys(event(subject="Visit", start=said(NOW)), context())
    assert dict(key.terms)["date_start"] == "2026-11-22T09:00:00Z/2026-11-22T09:00:01Z" and key.ignore_case
    assert entry.crm_keys(activity(subject="Visit", date_start=at(NOW)), context()) == (key,)
    assert entry.crm_keys(activity(subject="Visit", date_start=at(NOW), assigned_user_id="u9"), context()) == ()
    shared = activity(subject="Visit", date_start=at(NOW), assigned_user_id="u9", users=("u1",))
    assert entry.crm_keys(shared, context()) == (key,)


# ---- conditions over times and people -----------------------------------------------------------------------------

CONDITIONS = {
    "same": ("crm.date_start is m365.start", (NOW, said(NOW), True), (NOW, said(NOW + DAY), False)),
    "other way round": ("m365.start is crm.date_start", (NOW, said(NOW, "UTC"), True), (NOW, "2026-11-22", False)),
    "day": ("crm.date_start is m365.start", (datetime(2026, 11, 22, tzinfo=UTC), "2026-11-22", True),
            (None, "2026-11-22", False)),
    "between zoned": ("m365.start is m365.end", (NOW, said(NOW), False), (None, None, False)),
    "falls on": ("crm.date_start falls on m365.start", (NOW, said(NOW + 14 * timedelta(hours=1)), True),
                 (NOW, said(NOW + 15 * timedelta(hours=1)), False)),
    "before": ("m365.start before now", (None, said(NOW - timedelta(seconds=1), "Asia/Tokyo"), True),
               (None, said(NOW), False)),
    "before a field": ("m365.start before crm.date_start", (NOW, said(NOW - DAY), True), (NOW, "2026-11-22", False)),
}  # fmt: skip


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions_over_times_with_zones(name: str) -> None:
    """Instants are compared, days where either is one, whatever zone a time was said in."""
    condition, *cases = CONDITIONS[name]
    held = program(RULES.replace("m365.isOrganizer and m365.attendees is empty", condition))
    for start, begin, answer in cases:
        crm, m365 = activity(date_start=at(start) if start else None), event(start=begin)
        found = held.change("deleted in m365", crm, m365, context()).policy
        assert (found == "recreate in m365") is answer, (condition, start, begin)


def test_negating_what_is_not_known_is_not_known() -> None:
    """Neither “is” nor “is not” holds of a time, or of a person, that was not fetched."""
    for condition in ("crm.date_start is m365.start", "m365.organizer is connected"):
        for word in ("", "not "):
            held = program(RULES.replace("m365.isOrganizer and m365.attendees is empty", word + condition))
            m365 = event()
            values = {path: value for path, value in m365.values.items() if path not in ("start", "organizer")}
            last = type(m365)(M365, "event", "m", "w", values)
            assert held.change("deleted in m365", activity(), last, context()).policy == "stop syncing"


@pytest.mark.parametrize(
    ("condition", "crm", "m365", "answer"),
    [
        ("crm.assigned_user_id is connected", {"assigned_user_id": "u2"}, {}, True),
        ("crm.assigned_user_id is connected", {"assigned_user_id": "u3"}, {}, False),
        ("crm.assigned_user_id is connected", {"assigned_user_id": None}, {}, False),
        ("crm.assigned_user_id is not connected", {"assigned_user_id": None}, {}, True),
        ("m365.organizer is connected", {}, {"organizer": "BOB@firm.test"}, True),
        ("m365.organizer is connected", {}, {"organizer": "cat@firm.test"}, False),
        ("m365.organizer is not connected", {}, {"organizer": "who@guest.test"}, True),
        ("m365.organizer is connected", {}, {"organizer": None}, False),
        ("user is connected", {}, {}, True),
    ],
)
def test_who_is_connected(condition: str, crm: dict[str, Value], m365: dict[str, Value], answer: bool) -> None:
    """Users of the CRM by their account, addresses by whom they belong to; nobody is not connected."""
    held = program(RULES.replace("m365.isOrganizer and m365.attendees is empty", condition))
    found = held.change("deleted in m365", activity(**crm), event(**m365), context()).policy
    assert (found == "recreate in m365") is answer


# ---- map lines ----------------------------------------------------------------------------------------------------


def test_meetings_from_outlook_are_meetings() -> None:
    """The CRM's type is said once, when the activity is made; otherwise it would be a task."""
    made = line('activitytype<-"Meeting"')
    assert made.on_create and made.source is not None
    assert made.source(None, event(), context()) == "Meeting"


def test_notes_travel_once() -> None:
    """Text alone, the first time."""
    notes = line("description<->body")
    assert notes.on_first_sync and notes.to_m365 and notes.to_crm
    assert notes.lens.same("Agenda \r\n- Roof\xa0", "Agenda\n- Roof")


def test_private_sticks() -> None:
    """Yes is the value that sticks: private, personal and confidential mean it, an empty or open event does not."""
    private, here = line("private<->sensitivity"), context()
    assert private.sticky is True
    assert [private.sticks(CRM, value, here) for value in (True, False, None, NO_BASE)] == [True, False, False, False]
    meant = [private.sticks(M365, value, here) for value in ("private", "personal", "confidential", "normal", None)]
    assert meant == [True, True, True, False, False]
    assert not private.sticks(M365, NOT_FETCHED, here) and not private.sticks(M365, "secret", here)
    assert not line("allday<->isAllDay").sticks(CRM, True, here)


def test_confidential_and_personal_are_kept() -> None:
    """Outlook's finer shades of private stay under the CRM's yes, and give way to its no."""
    lens, here = line("private<->sensitivity").lens, context()
    for shade in ("private", "confidential", "personal"):
        assert lens.to_crm(shade, None, here) is True
        assert lens.to_m365(True, shade, here) == shade
        assert lens.to_m365(False, shade, here) == "normal"
    assert lens.to_m365(True, "normal", here) == "private" and lens.to_crm("normal", True, here) is False


@pytest.mark.parametrize(
    ("organizer", "user"),
    [
        ("bob@firm.test", "u2"), ("Ann@Firm.test", "u1"), ("cat@firm.test", "u1"), ("who@guest.test", "u1"),
        (None, "u1"),
    ],
)  # fmt: skip
def test_a_meeting_belongs_to_its_organiser_or_else_to_the_user(organizer: str | None, user: str) -> None:
    """Whoever is connected and organises it; for anybody else's meeting the user who met it first."""
    assigned = line("assigned_user_id<-m365.organizer")
    assert assigned.on_create and assigned.to_crm and not assigned.to_m365
    assert assigned.crm_path == "assigned_user_id" and assigned.m365_path is None
    assert assigned.source is not None
    assert assigned.source(None, event(organizer=organizer), context(user="u1")) == user
    assert assigned.source(None, None, context(user="u2")) == "u2"


GUEST_LINES = ("users->attendees", "users<-attendees", "users<-attendees as connected_users")


@pytest.mark.parametrize(
    ("assigned", "future", "organizer", "lines"),
    [
        ("u1", True, "ann@firm.test", (True, True, False)),
        ("u1", False, "ann@firm.test", (False, True, False)),
        ("u3", True, "who@guest.test", (False, False, True)),
        (None, True, None, (False, False, True)),
    ],
)
def test_which_guest_lines_act(
    assigned: str | None, future: bool, organizer: str | None, lines: tuple[bool, ...]
) -> None:
    """Guests are invited for a connected organiser where the setting says so; whom guests become in the CRM depends
    on whether the organiser is connected."""
    crm = activity(assigned_user_id=assigned, date_end=at(NOW + DAY))
    here = context(invite_to_future=future)
    found = [line(entry) for entry in GUEST_LINES]
    assert all(one.merging is not None and one.keep_others for one in found)
    assert tuple(bool(one.guard and one.guard(crm, event(organizer=organizer), here)) for one in found) == lines


def test_new_records_have_what_the_lines_say() -> None:
    """The generated translation of unguarded lines makes the zoned times, and leaves notes and guests to later."""
    crm = activity(
        subject=" Visit ", date_start=at(NOW), date_end=at(NOW + timedelta(hours=1)), private=True, location="Yard"
    )
    made = program().project[M365](crm.values, context(zone="Asia/Tokyo"))
    assert {path: value for path, value in made.items() if value is not None} == {
        "subject": "Visit", "start": "2026-11-22T09:00:00Z[Asia/Tokyo]", "end": "2026-11-22T10:00:00Z[Asia/Tokyo]",
        "sensitivity": "private", "location.displayName": "Yard",
    }  # fmt: skip


def test_junk_is_told_and_left_out() -> None:
    """A time that makes no sense costs that field alone, with a reason."""
    untold: list[tuple[int, str]] = []
    made = program().project[CRM](event(start="soon", subject="Visit").values, context(), untold)
    assert "date_start" not in made and made["subject"] == "Visit"
    assert [(program().lines[index].crm_path, reason) for index, reason in untold] == [
        ("date_start", "this is no date and time")
    ]
    with pytest.raises(Untranslatable):
        line("date_start<->start").lens.to_crm("soon", None, context())


# ---- what went ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("organises", "attendees"), [*product([True, False], [None, ("who@guest.test",)])])
def test_only_lonely_events_of_our_own_are_made_again(organises: bool, attendees: Value) -> None:
    """A deleted event comes back where the user organised it and nobody would be mailed."""
    last = event(isOrganizer=organises, attendees=attendees)
    choice = program().change("deleted in m365", activity(), last, context())
    again = organises and attendees is None
    assert choice.policy == ("recreate in m365" if again else "stop syncing")


def test_a_cancelled_meeting_stops() -> None:
    """The event has an answer of its own."""
    choice = program().change("cancelled in m365", activity(), event(isCancelled=True), context())
    assert choice == Choice("stop syncing", "activities/changes/cancelled in m365")


def test_what_the_rules_ask_of_a_deleted_event_is_remembered() -> None:
    """Fields that no base holds as they are are kept beside it: guests from outside count although they never
    travelled, and unknown values make no condition hold."""
    held = program()
    assert held.recalls == ("attendees", "isOrganizer")
    guests = event(attendees=("who@guest.test",))
    base = {"subject": "Visit", "attendees": None, **held.recall(guests.values)}
    last = held.last_known(base)
    assert last == {"subject": "Visit", "attendees": ("who@guest.test",), "isOrganizer": True}
    assert held.last_known({"subject": "Visit", "attendees": None}) == {"subject": "Visit"}
    for values, policy in ((last, "stop syncing"), ({**last, "attendees": None}, "recreate in m365"),
                           (held.last_known({}), "stop syncing")):  # fmt: skip
        gone = type(guests)(M365, "event", "m", "", values)
        assert held.change("deleted in m365", activity(), gone, context()).policy == policy


def test_recalls_follow_the_rules() -> None:
    """What is mapped at every sync is in the base already; a line with a condition may not have been."""
    condition = "m365.isOrganizer and m365.attendees is empty"
    for asked, recalls in (
        ("m365.isAllDay", ()), ("m365.body is empty", ("body",)), ("m365.location.displayName is empty", ("location",)),
        ("crm.private", ()), ("m365.showAs is busy and not m365.isOrganizer", ("isOrganizer", "showAs")),
    ):  # fmt: skip
        assert program(RULES.replace(condition, asked)).recalls == recalls


# ---- what is refused ----------------------------------------------------------------------------------------------


def refused(old: str, new: str) -> list[str]:
    assert RULES.count(old) == 1, old
    with pytest.raises(RuleErrors) as caught:
        compile_text("activities.rules", RULES.replace(old, new), SCHEMAS)
    return [problem.code for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("same record:   m365.iCalUId", "same record:   crm.subject", ["T229"]),
        ("same record:   m365.iCalUId", "same record:   m365.iCalUid", ["T201"]),
        ("  same record:   m365.iCalUId\n", "", ["T501"]),
        ("organiser:     crm.assigned_user_id", "organiser:     crm.users", ["T229"]),
        ("organiser:     crm.assigned_user_id", "organiser:     m365.organizer", ["T229"]),
        ("read from:     the copy where m365.isOrganizer, else", "read from:     the copy where crm.private, else",
         ["T567"]),
        ("read from:     the copy where m365.isOrganizer, else",
         "read from:     the copy where m365 changed since last sync, else", ["T567"]),
        ("write to:      the copy where m365.isOrganizer",
         "write to:      the copy where m365.isOrganizer, else the first synced", ["T567"]),
        ("write to:      the copy where m365.isOrganizer", "write to:      the copy where not m365.isOrganizer",
         ["T567"]),
        ("invitation, else own event", "own event, else invitation", ["T223"]),
        ("invitation, else own event", "invitation, else own events", ["T223"]),
        ("invitation, else own event", "own event", ["T223"]),
        ("other users:", "other user:", ["T223"]),
        ("cancelled occurrence:       delete in crm", "cancelled occurrence:       recreate in m365", ["T223"]),
        ("changed occurrence:         change that activity", "changed occurrence:         leave alone", ["T223"]),
        ("deleted activity:           delete that occurrence", "deleted activity:           delete the series",
         ["T223"]),
        ("  deleted activity:           delete that occurrence\n", "", ["T501"]),
        ("  deleted series:             as deleted in m365\n", "  all series:             as deleted in m365\n",
         ["T223"]),
        ("  deleted series:             as deleted in m365\n",
         "  cancelled occurrence:       stop syncing\n", ["T218"]),
        ("  cancelled in m365:    stop syncing\n", "", ["T560"]),
        ("  cancelled in m365:    stop syncing\n", "  cancelled in m365:    recreate in m365\n", ["T223"]),
        ("  cancelled in m365:    stop syncing\n", "  cancelled in crm:     stop syncing\n", ["T223"]),
        ("as privacy, sticky yes", "as privacy, sticky private", ["T212"]),
        ("as privacy, sticky yes", "as privacy, sticky 1", ["T318"]),
        ("as crm_users, keep others", "as crm_users, keep others, sticky yes", ["T317"]),
        ("with assigned_user_id, keep others", "with assigned_user_id", ["T327"]),
        ("as connected_user, else user         on create", "as connected_user, else user", ["T319"]),
        ("as connected_user, else user         on create", "as connected_users, else user         on create",
         ["T303"]),
        ("as plain_text  ", "as plain_text, else user  ", ["T319"]),
        ("date_end            <->  end                    as zoned_time", "date_end            <->  end", ["T301"]),
        ("crm.date_start is m365.start    ignoring case", "crm.date_start is m365.subject    ignoring case", ["T322"]),
        ("crm.date_start is m365.start    ignoring case", "crm.date_end is m365.end    ignoring case", ["T556"]),
        ("crm.assigned_user_id is connected", "crm.users is connected", ["T326"]),
        ("crm.assigned_user_id is connected", "m365.start is connected", ["T326"]),
        ("keep personal      while yes", "keep normal        while no", ["T405"]),
    ],
)  # fmt: skip
def test_rules_of_activities(old: str, new: str, codes: list[str]) -> None:
    """One change of the rules of activities, and what is wrong with it."""
    assert refused(old, new) == codes


@pytest.mark.parametrize("section", ["copies", "series"])
def test_both_sections_are_needed(section: str) -> None:
    """Meetings without them would be doubled, or lost, so their absence is a mistake."""
    start = RULES.index(f"\n{section}\n")
    end = RULES.index("\n\n", start + 1)
    assert refused(RULES[start:end], "\n") == ["T500"]
