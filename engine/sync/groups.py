"""Series: when the CRM records of all occurrences go, the series goes; when single ones go, only these.

People delete one after the other. So a single deletion waits for a while: half of a bulk deletion is not taken for
many cancellations.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from engine.language.program import Series
from engine.links import Link
from engine.plans import Action, Decision, Mail
from engine.records import CRM, M365
from engine.sync.copies import addresses
from engine.sync.rules import Rules, mark

QUIET_MS: Final = 600_000
CANCELLED: Final = "its series was cancelled in Microsoft 365"
WAITS: Final = "waits in case the whole series is being deleted"


def as_series(rules: Rules, decisions: Sequence[Decision], links: Callable[[], Iterable[Link]]) -> tuple[Decision, ...]:
    """The decisions, with deletions of occurrences made one deletion of their series where nothing of it is left, and
    put off while that may still be so. ``links`` gives all links of the space; asked only when it matters."""
    series = rules.program.series
    if series is not None:
        decisions = _cancelled_whole(rules, series, decisions, links)
    going: dict[str, list[Decision]] = defaultdict(list)
    for decision in decisions:
        if decision.before is not None and decision.before.group and _deletion(decision) is not None:
            going[decision.before.group].append(decision)
    if series is None or not going:
        return tuple(decisions)
    left, waiting = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    decided = {decision.pair for decision in decisions}
    for link in (*links(), *(decision.link for decision in decisions if decision.link is not None)):
        if link.group in going and link.state != "ended":
            put_off = link.reason == WAITS and link.id not in decided
            (waiting if put_off else left)[link.group].add(link.id)
    instead: dict[str, Decision | None] = {}
    for group, members in going.items():
        instead |= _group(rules, series, group, members, left[group], waiting[group])
    replaced = (instead.get(decision.pair, decision) for decision in decisions)
    return tuple(decision for decision in replaced if decision is not None)


def _cancelled_whole(
    rules: Rules, series: Series, decisions: Sequence[Decision], links: Callable[[], Iterable[Link]]
) -> Sequence[Decision]:
    """The decisions, with those ended whose series was cancelled as a whole: what is asked of cancelled occurrences is
    meant for series that go on."""
    cancelled: dict[str, set[str]] = defaultdict(set)
    for decision in decisions:
        deletes = any((action.verb, action.side) == ("delete", CRM) for action in decision.actions)
        if (
            deletes
            and decision.before is not None
            and decision.before.group
            and decision.entry == series.cancelled.entry
        ):
            cancelled[decision.before.group].add(decision.pair)
    choice = rules.program.change("cancelled in m365", None, None, rules.context)
    if not cancelled or choice.policy == "delete in crm":
        return decisions
    for link in (*links(), *(decision.link for decision in decisions if decision.link is not None)):
        if link.state != "ended" and link.id not in cancelled.get(link.group, {link.id}):
            del cancelled[link.group]
    whole = {pair for pairs in cancelled.values() for pair in pairs}
    return [_kept(one, CANCELLED, None, choice.entry) if one.pair in whole else one for one in decisions]


def _deletion(decision: Decision) -> Action | None:
    """The deletion of an occurrence because its CRM record went; None for anything else."""
    first = next(iter(decision.actions), None)
    gone = first is not None and first.verb == "delete" and first.side == M365 and decision.link is None
    return first if gone else None


def _group(
    rules: Rules, series: Series, group: str, members: Sequence[Decision], left: set[str], waiting: set[str]
) -> dict[str, Decision | None]:
    """What becomes of these deletions. ``left`` are all links of the series but those that an earlier tick put off and
    this one does not look at: these are ``waiting`` to go too."""
    pairs = [decision.pair for decision in members]
    if left <= set(pairs):
        if series.all_deleted.policy != "delete the series":
            return {}
        whole = _whole(rules, series, group, members)
        rest = pairs[1:]
        return {pairs[0]: replace(whole, supersedes=(*rest, *sorted(waiting))), **dict.fromkeys(rest)}
    if series.deleted.policy != "delete that occurrence":
        return {decision.pair: _kept(decision, "left alone", None) for decision in members}
    return {
        decision.pair: _kept(decision, WAITS, rules.now + QUIET_MS)
        for decision in members
        if not _has_waited(decision, rules.now)
    }


def _whole(rules: Rules, series: Series, group: str, members: Sequence[Decision]) -> Decision:
    """One deletion, which tells all that goes."""
    decision, deletions = members[0], [found for member in members if (found := _deletion(member)) is not None]
    first, told = deletions[0], dict.fromkeys(change for found in deletions for change in found.changes)
    action = replace(
        first, id=mark(rules.run, group, M365, "delete"), target=group, expected_version=None, changes=tuple(told),
        mail=_mail(rules, deletions),
        entry=series.all_deleted.entry, reason="all its records in the CRM were deleted: the series goes",
    )  # fmt: skip
    return replace(decision, actions=(action,), entry=series.all_deleted.entry, note=action.reason)


def _mail(rules: Rules, deletions: Sequence[Action]) -> Mail:
    """Everybody who is invited to any occurrence is told once."""
    guests = rules.program.m365.guests
    told = [change for action in deletions if action.mail.people for change in action.changes if change.path == guests]
    everybody = {address for change in told for address in addresses(change.before)}
    everybody.discard(rules.context.directory.mailboxes.get(rules.context.user, ""))
    inside = rules.context.directory.people
    return Mail(cancellations=len(everybody), outside=len(everybody - set(inside)))


def _has_waited(decision: Decision, now: int) -> bool:
    before = decision.before
    return before is not None and before.reason == WAITS and before.wake_at is not None and before.wake_at <= now


def _kept(decision: Decision, reason: str, wake_at: int | None, entry: str = "") -> Decision:
    before = decision.before
    assert before is not None
    if before.reason == WAITS and before.wake_at is not None and wake_at is not None:
        wake_at = before.wake_at  # it waits since its own deletion
    ended = "ended" if wake_at is None else before.state
    kept = replace(before, reason=reason, wake_at=wake_at, state=ended, entry=entry or before.entry)
    return replace(decision, link=kept, actions=(), note=reason)
