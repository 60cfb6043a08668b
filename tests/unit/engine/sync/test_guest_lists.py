"""Guests in a merge whose lines open and close: who was never invited is invited later, and nobody is twice."""

from __future__ import annotations

from datetime import timedelta

from activity_records import NOW, activity, context, event, program
from msgspec.structs import replace

from engine.context import Context
from engine.links import NO_AGREEMENT, Base
from engine.records import CRM, M365, NOT_FETCHED, Record, Value
from engine.sync.merge import UNBOUND, Bounds, merge
from engine.sync.slots import layout

PROGRAM = program()
LAYOUT = layout(PROGRAM)
CLOSED, OPEN = context(), context(invite_to_future=True)
FIRST = Bounds(masked=frozenset({"attendees"}))
END = (NOW + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def meeting(users: Value, attendees: Value) -> tuple[Record, Record]:
    return activity(users=users, date_end=END), event(attendees=attendees, end=f"{END}[UTC]")


def synced(
    crm: Record, m365: Record, base: Base, here: Context, bounds: Bounds = UNBOUND
) -> tuple[Record, Record, Base]:
    """Both records and the base after one merge whose writes came through as they were meant."""
    found = merge(PROGRAM, LAYOUT, crm, m365, base, here, PROGRAM.direction(here), bounds)
    assert found.refusals == []
    written = [
        replace(record, values={**record.values, **{c.path: c.after for c in found.changes[record.side]}})
        for record in (crm, m365)
    ]
    after = Base({**base.crm, **found.base[CRM]}, {**base.m365, **found.base[M365]})
    return written[0], written[1], after


def test_guests_follow_once_the_setting_lets_them() -> None:
    """While nobody is invited the difference stays known; a setting that opens later sends the invitations, once."""
    crm, m365, base = synced(*meeting(("u1", "u2", "u3", "u4"), None), NO_AGREEMENT, CLOSED)
    assert m365.get("attendees") is None and base.crm["users"] is None
    crm, m365, base = synced(crm, m365, base, CLOSED)
    assert m365.get("attendees") is None
    crm, m365, base = synced(crm, m365, base, OPEN)
    assert m365.get("attendees") == ("bob@firm.test", "cat@firm.test")
    assert (base.crm["users"], base.m365["attendees"]) == (("u2", "u3"), ("bob@firm.test", "cat@firm.test"))
    assert synced(crm, m365, base, OPEN) == (crm, m365, base)


def test_a_first_sync_invites_nobody_ever() -> None:
    """What was left out because a mailbox was new counts as agreed; only who is added after that is invited."""
    crm, m365, base = synced(*meeting(("u1", "u2"), ("who@guest.test",)), NO_AGREEMENT, OPEN, FIRST)
    assert m365.get("attendees") == ("who@guest.test",) and base.crm["users"] == ("u1", "u2")
    crm, m365, base = synced(crm, m365, base, OPEN)
    assert m365.get("attendees") == ("who@guest.test",)
    more = replace(crm, values={**crm.values, "users": ("u1", "u2", "u3")})
    _, m365, _ = synced(more, m365, base, OPEN)
    assert m365.get("attendees") == ("who@guest.test", "cat@firm.test")


def test_who_was_uninvited_while_the_line_was_closed_stays_so() -> None:
    """Cat leaves the meeting in Outlook after inviting was switched off: she leaves the activity, and is not invited
    again when it is switched on."""
    crm, m365, base = synced(*meeting(("u2", "u3"), None), NO_AGREEMENT, OPEN)
    assert m365.get("attendees") == ("bob@firm.test", "cat@firm.test")
    gone = replace(m365, values={**m365.values, "attendees": ("bob@firm.test",)})
    crm, m365, base = synced(crm, gone, base, CLOSED)
    assert crm.get("users") == ("u2",)
    assert synced(crm, m365, base, OPEN)[1].get("attendees") == ("bob@firm.test",)


def test_who_left_in_the_crm_while_the_line_was_closed_is_uninvited_later() -> None:
    """The removal waits in the bases, and nobody comes back in the meantime."""
    crm, m365, base = synced(*meeting(("u2", "u3"), None), NO_AGREEMENT, OPEN)
    left = replace(crm, values={**crm.values, "users": ("u2",)})
    crm, m365, base = synced(left, m365, base, CLOSED)
    assert crm.get("users") == ("u2",) and m365.get("attendees") == ("bob@firm.test", "cat@firm.test")
    crm, m365, base = synced(crm, m365, base, OPEN)
    assert (crm.get("users"), m365.get("attendees")) == (("u2",), ("bob@firm.test",))


def test_guests_that_are_hidden_change_nothing() -> None:
    """A copy that does not tell its guests takes nobody off the activity."""
    crm, m365, base = synced(*meeting(("u2", "u3"), ("bob@firm.test", "cat@firm.test")), NO_AGREEMENT, OPEN)
    hidden = replace(m365, values={path: value for path, value in m365.values.items() if path != "attendees"})
    after = synced(crm, hidden, base, OPEN)
    assert after[0].get("users") == ("u2", "u3") and after[1].get("attendees") is NOT_FETCHED and after[2] == base
