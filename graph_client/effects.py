"""What a write makes Outlook mail, and to whom: known before anything is written, from the action and the event alone.

Outlook mails the people of a meeting at every write that they could see, and no request can ask it not to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine import plans
from engine.context import Context
from engine.plans import Action
from engine.records import Record, Value
from graph_client.calendar.bodies import tidy
from graph_client.calendar.times import same_time
from graph_client.fields import EVENT

UNSEEN: Final = frozenset({"showAs"})
"""Fields that concern the owner's own calendar alone."""
_TIMES: Final = ("start", "end")


@dataclass(frozen=True, slots=True)
class Mail:
    """Who gets which mail, by address in lower case, in order. Somebody may get several."""

    invitations: tuple[str, ...] = ()
    updates: tuple[str, ...] = ()
    cancellations: tuple[str, ...] = ()

    @property
    def messages(self) -> int:
        """How many mails arrive, each person's counted."""
        return len(self.invitations) + len(self.updates) + len(self.cancellations)

    @property
    def people(self) -> frozenset[str]:
        return frozenset(self.invitations + self.updates + self.cancellations)

    def outside(self, inside: Callable[[str], bool]) -> int:
        """How many people get mail whom ``inside`` does not know as the organisation's own."""
        return sum(not inside(address) for address in self.people)

    def __add__(self, other: Mail) -> Mail:
        return Mail(
            self.invitations + other.invitations,
            self.updates + other.updates,
            self.cancellations + other.cancellations,
        )


NO_MAIL: Final = Mail()


def mailed(action: Action, before: Record | None, context: Context) -> plans.Mail:
    """How many people a write to Microsoft 365 mails; contacts and tasks mail nobody."""
    if action.kind != EVENT.kind:
        return plans.NO_MAIL
    directory = context.directory
    found = effects(action, before, directory.mailboxes.get(context.user, ""))
    outside = found.outside(directory.people.__contains__)
    return plans.Mail(len(found.invitations), len(found.updates), len(found.cancellations), outside)


def effects(action: Action, before: Record | None, owner: str = "") -> Mail:
    """The mail that an action on an event causes. ``before`` is the event it acts on (None for a creation); ``owner``
    is the address of the mailbox's owner, who is never mailed about an own meeting."""
    if action.verb == "create":
        return Mail(invitations=_people(action.values.get("attendees"), {owner}))
    if before is None or before.values.get("isOrganizer") is not True:
        return NO_MAIL
    organizers = {owner, str(before.values.get("organizer") or "")}
    old = _people(before.values.get("attendees"), organizers)
    if action.verb == "delete":
        return NO_MAIL if before.values.get("isCancelled") is True else Mail(cancellations=old)
    new = _people(action.values["attendees"], organizers) if "attendees" in action.values else old
    staying = tuple(one for one in old if one in new)
    updated = new != old or any(_seen(name, value, before.values.get(name)) for name, value in action.values.items())
    return Mail(
        invitations=tuple(one for one in new if one not in old),
        updates=staying if updated else (),
        cancellations=tuple(one for one in old if one not in new),
    )


def _people(value: Value, without: set[str]) -> tuple[str, ...]:
    addresses = {one.strip().lower() for one in value if isinstance(one, str)} if isinstance(value, tuple) else set()
    return tuple(sorted(addresses - without))


def _seen(name: str, after: Value, before: Value) -> bool:
    """Whether a field changes, in a way that those who come are told."""
    if name in UNSEEN or name == "attendees":
        return False
    if name in _TIMES:
        return not same_time(after, before)
    if name == "body" and isinstance(after, str):
        after = tidy(after)
    return (after or None) != (before or None)
