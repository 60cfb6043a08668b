"""The mail that writes cause, foretold by the client and compared with what the emulator's outbox says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from calendar_world import CalendarWorld, action, meeting
from graph_events import people, single, weekly
from graph_world import ANN, BOB

from engine.plans import Action
from engine.port import Written
from engine.records import Record, Value
from graph_client.effects import NO_MAIL, Mail, effects

OUT, OTHER, ROOM = "out@side.example", "other@side.example", "room@firm.example"
WHO: dict[str, tuple[str, ...]] = {"nobody": (), "inside": (BOB,), "outside": (OUT,), "both": (BOB, OUT)}
EDITS: dict[str, dict[str, Value]] = {
    "subject": {"subject": "Other"}, "notes": {"body": "Other"}, "place": {"location": ("Elsewhere",)},
    "time": {"start": "2026-12-01T08:00:00Z[Europe/London]"}, "same time": {"start": "2026-12-01T09:00:00Z[UTC]"},
    "same": {"subject": "Meeting"}, "privacy": {"sensitivity": "private"}, "shown as": {"showAs": "free"},
    "somebody comes": {"attendees": (BOB, OUT, OTHER)}, "everybody goes": {"attendees": None},
    "others come": {"attendees": (OTHER,)}, "the same people": {"attendees": (OUT.upper(), BOB)},
    "whole day": {"isAllDay": True}, "several": {"subject": "Other", "showAs": "free", "attendees": (OUT, OTHER)},
}  # fmt: skip


def agree(office: CalendarWorld, act: Action, before: Record | None, upn: str = ANN) -> Mail:
    """Do it, and compare what was foretold with what was mailed."""
    office.mail()
    foretold = effects(act, before, upn)
    (outcome,) = office.write(act, upn=upn)
    mailed = office.mail()
    assert foretold == mailed or (not isinstance(outcome, Written) and mailed == NO_MAIL)
    return mailed


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("day", ["2026-12-01", "2026-11-02"])
def test_creations_and_deletions(office: CalendarWorld, who: str, day: str) -> None:
    """Everybody is invited and told of the end, whether it is over or not; without people nobody is."""
    times: dict[str, Value] = {name: f"{day}T{hour}:00:00Z[UTC]" for name, hour in (("start", "09"), ("end", "10"))}
    act = action("create", values=meeting(attendees=WHO[who] or None, **times))
    assert agree(office, act, None) == Mail(invitations=WHO[who])
    (record,) = office.round().records.values()
    assert agree(office, action("delete", record), record) == Mail(cancellations=WHO[who])


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("edit", EDITS)
def test_updates(office: CalendarWorld, who: str, edit: str) -> None:
    """Every kind of change on every kind of meeting."""
    record = office.make(attendees=WHO[who] or None)
    agree(office, action("update", record, EDITS[edit]), record)


@pytest.mark.parametrize("edit", [name for name in EDITS if "time" not in name])
def test_one_occurrence(office: CalendarWorld, edit: str) -> None:
    """Those who come to the series hear of the one that changes or falls away."""
    office.people.seed(ANN, [weekly("Meeting", attendees=people(BOB, OUT))])
    first, second, *_ = office.round().called("Meeting")
    agree(office, action("update", first, EDITS[edit]), first)
    second = office.event(second.id)
    assert agree(office, action("delete", second), second) == Mail(cancellations=(BOB, OUT))


def test_a_series_is_made_and_cancelled_with_one_mail_each(office: CalendarWorld) -> None:
    """However many occurrences it has."""
    act = action("create", values=meeting(attendees=(OUT,), recurrence="FREQ=WEEKLY;COUNT=9"))
    assert agree(office, act, None) == Mail(invitations=(OUT,))
    whole = office.event(next(iter(office.round().groups)))
    assert agree(office, action("delete", whole), whole) == Mail(cancellations=(OUT,))


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_an_attendees_copy_mails_nobody(office: CalendarWorld, verb: str) -> None:
    """Updates of it are refused, and its deletion is nobody's business."""
    office.people.create(ANN, single("M", attendees=people(BOB, OUT)))
    (copy,) = office.round(upn=BOB).records.values()
    make: dict[str, Callable[[], Action]] = {
        "update": lambda: action("update", copy, {"subject": "Mine"}), "delete": lambda: action("delete", copy),
    }  # fmt: skip
    assert agree(office, make[verb](), copy, upn=BOB) == NO_MAIL


def test_a_room_is_mailed_like_everybody(office: CalendarWorld) -> None:
    """What it answers is another matter."""
    (id,) = office.people.seed(ANN, [single("M", attendees=people(ROOM, kind="resource"))])
    record = office.event(id)
    assert agree(office, action("update", record, {"subject": "Other"}), record) == Mail(updates=(ROOM,))


def test_mail_is_counted_by_messages_and_by_people() -> None:
    """Somebody who gets two mails is one person; who is outside is for the caller to say."""
    mail = Mail((OUT,), (BOB, OTHER), ()) + Mail((), (OUT,), (OTHER,))
    assert (mail.messages, len(mail.people)) == (5, 3)
    assert mail.outside(lambda address: address.endswith("@firm.example")) == 2
    assert NO_MAIL.messages == NO_MAIL.outside(lambda address: False) == 0


def test_the_owner_is_not_mailed_about_an_own_meeting() -> None:
    """Although named among those who come."""
    act = action("create", values=meeting(attendees=(ANN, OUT)))
    assert effects(act, None, ANN) == Mail(invitations=(OUT,))
