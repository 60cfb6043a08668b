"""What people do in their calendars, seen from tests of a whole installation: meetings on both sides, and the mails."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import requests
from installed import USERS, Installed, upn

from graph_emulator.calendar.control_client import CalendarControl
from graph_emulator.server import Emulator

OUTSIDE: Final = "olga@elsewhere.example"
"""Somebody who is neither a user of the CRM nor of the tenant."""
NOBODY: Final = {"invitations": 0, "updates": 0, "cancellations": 0, "outside": 0}
_KINDS: Final = {"invite": "invitations", "update": "updates", "cancel": "cancellations"}


def day(days: int) -> str:
    """The date ``days`` from today."""
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"


def at(days: int, time: str = "12:00") -> dict[str, str]:
    """An instant in Graph's words, ``days`` from today."""
    return {"dateTime": f"{day(days)}T{time}:00", "timeZone": "UTC"}


def instant(days: int, time: str = "12:00") -> str:
    """The same as the CRM's JSON tells it."""
    return f"{day(days)}T{time}:00Z"


def guests(*people: str) -> list[dict[str, Any]]:
    """Attendees in Graph's words: users by their names, others by their addresses."""
    return [
        {"emailAddress": {"address": upn(one) if one in USERS else one, "name": one}, "type": "required"}
        for one in people
    ]


def sent(**counts: int) -> dict[str, int]:
    """Numbers of mails as plans tell them."""
    return {**NOBODY, **counts}


@dataclass
class Diary:
    """The calendars of one installation. ``mailed`` is how many mails of the outbox were accounted for."""

    installed: Installed
    calendar: CalendarControl
    url: str
    ca_file: str
    mailed: int = field(default=0)

    @classmethod
    def opened(cls, installed: Installed, emulator: Emulator) -> Diary:
        """With meetings switched on by the administrator."""
        installed.settings(kind="activities", direction="both")
        return cls(installed, installed.control.calendar, emulator.url, str(emulator.ca_file))

    # ---- the sync, and whom it mails ----

    def sync(self, user: str, *, mails: dict[str, int] | None = None) -> dict[str, Any]:
        """One tick of one mailbox, after which exactly the mails are in the outbox that its plan announced: ``mails``,
        or none. The plan."""
        plan = self.installed.plan(user, kind="activities")
        before = self.numbered()
        self.installed.sync(user)
        new = [mail for mail in self.calendar.outbox(before) if mail["cause"]["by"] != "person"]
        told = Counter({_KINDS[mail["kind"]]: 0 for mail in new if mail["kind"] in _KINDS})
        for mail in new:
            assert mail["kind"] in _KINDS and mail["cause"]["requestId"], mail
            told[_KINDS[mail["kind"]]] += len(mail["recipients"])
            told["outside"] += sum(not one["inside"] for one in mail["recipients"])
        assert {**NOBODY, **told} == plan["mail"], (plan["summary"], new)
        assert plan["mail"] == (mails or NOBODY), plan["summary"]
        return plan

    def rounds(self, *users: str, times: int = 2) -> None:
        """Ticks of these mailboxes in this order, or of all in any, again and again; none of them mails anybody, or
        says so."""
        before = self.numbered()
        for _ in range(times):
            for user in users or (None,):
                told = self.installed.sync(user).out
                assert "mail: " not in told, told
        new = [mail for mail in self.calendar.outbox(before) if mail["cause"]["by"] != "person"]
        assert new == []

    def numbered(self) -> int:
        """How many mails were sent so far."""
        return len(self.calendar.outbox())

    def to(self, since: int = 0) -> list[tuple[str, str]]:
        """(kind, address) of every mail to every person, sorted; users by their names."""
        names = {upn(user): user for user in USERS}
        mails = ((mail["kind"], one["address"]) for mail in self.calendar.outbox(since) for one in mail["recipients"])
        return sorted((kind, names.get(address, address)) for kind, address in mails)

    # ---- the CRM ----

    def meets(self, subject: str = "Lunch", owner: str = "anna", days: int = 5, **values: str) -> str:
        """A user adds an activity of an hour at noon UTC, ``days`` from today; its id."""
        given = {
            "activitytype": "Meeting", "date_start": f"{day(days)} 12:00Z", "date_end": f"{day(days)} 13:00Z", **values,
        }  # fmt: skip
        return self.installed.task(subject, owner, **given)

    def activities(self) -> dict[str, dict[str, Any]]:
        return self.installed.tasks()

    def activity(self, subject: str = "Lunch") -> dict[str, Any]:
        """The one activity with this subject."""
        return self.installed.task_of(subject)

    def id_of(self, subject: str = "Lunch") -> str:
        """Its id."""
        (found,) = (id for id, values in self.activities().items() if values["subject"] == subject)
        return found

    # ---- Outlook ----

    def invites(self, subject: str = "Lunch", user: str = "anna", *people: str, days: int = 5, **more: object) -> str:
        """A person makes an event of an hour at noon UTC, ``days`` from today, and invites people; its id."""
        given: dict[str, object] = {
            "subject": subject, "start": at(days), "end": at(days, "13:00"), "attendees": guests(*people), **more,
        }  # fmt: skip
        return str(self.calendar.create(upn(user), given)["id"])

    def weekly(self, subject: str = "Weekly", user: str = "anna", *people: str, times: int = 4, **more: object) -> str:
        """A person makes a series of an hour at noon, the same day every week from tomorrow on; the master's id."""
        first = date.fromisoformat(day(1))
        pattern = {
            "type": "weekly", "interval": 1, "daysOfWeek": [f"{first:%A}".lower()], "firstDayOfWeek": "monday",
        }  # fmt: skip
        ends = {"type": "numbered", "startDate": day(1), "numberOfOccurrences": times}
        return self.invites(subject, user, *people, days=1, recurrence={"pattern": pattern, "range": ends}, **more)

    def edits(self, user: str, event_id: str, **properties: object) -> None:
        """A person changes an event or an occurrence in the own calendar."""
        self.calendar.update(upn(user), event_id, properties)

    def deletes(self, user: str, event_id: str) -> None:
        self.calendar.delete(upn(user), event_id)

    def shown(self, user: str = "anna", back: int = 100, ahead: int = 500) -> list[dict[str, Any]]:
        """What the calendar of a user shows in a span of days, in order of time: single events and occurrences."""
        token = self.installed.control.token(upn(user))["access_token"]
        span = f"startDateTime={day(-back)}T00:00:00Z&endDateTime={day(ahead)}T00:00:00Z"
        head = {"Authorization": f"Bearer {token}", "Prefer": 'IdType="ImmutableId", outlook.body-content-type="text"'}
        link, found = f"{self.url}/v1.0/me/calendarView?{span}&$top=200", list[dict[str, Any]]()
        with requests.Session() as session:
            session.trust_env, session.verify = False, self.ca_file
            while link:
                answer = session.get(link, headers=head, timeout=60).json()
                found += answer["value"]
                link = answer.get("@odata.nextLink", "")
        return found

    def event(self, user: str = "anna", subject: str = "Lunch") -> dict[str, Any]:
        """The one event with this subject in the calendar of a user."""
        (found,) = self.called(user, subject)
        return found

    def called(self, user: str, subject: str = "Lunch") -> list[dict[str, Any]]:
        """All of them, in order of time."""
        return [one for one in self.shown(user) if one["subject"] == subject]

    def on(self, user: str = "anna", subject: str = "Lunch") -> set[str]:
        """Whom the one event with this subject has as attendees; users by their names."""
        names = {upn(one): one for one in USERS}
        listed = (one["emailAddress"]["address"] for one in self.event(user, subject)["attendees"])
        return {names.get(address, address) for address in listed}
