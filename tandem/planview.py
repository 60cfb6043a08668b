"""A plan as people are shown it: the one traversal behind text, JSON and HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from engine.language.program import Program
from engine.plans import NO_MAIL, Action, Class, Decision, FieldChange, Mail, Plan, Refusal, Verdict
from engine.records import CRM, M365, Side, to_json
from tandem import shown

SIDES: Final[Mapping[Side, str]] = {M365: "Microsoft 365", CRM: "the CRM"}
SIGNS: Final[Mapping[Class, str]] = {
    "create": "+", "recreate": "+", "update": "~", "overwrite": "~", "move": "»", "delete": "-",
}  # fmt: skip
ORDER: Final[tuple[Class, ...]] = ("delete", "overwrite", "move", "update", "recreate", "create")
"""What deserves to be read first."""

CLASSES: Final[Mapping[Class, tuple[str, str]]] = {
    "delete": ("deletion", "deletions"),
    "overwrite": ("overwritten entry", "overwritten entries"),
    "move": ("move", "moves"),
    "update": ("update", "updates"),
    "recreate": ("record made again", "records made again"),
    "create": ("creation", "creations"),
    "mail": ("person mailed", "people mailed"),
}


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field of one write; ``place`` is file and line of the rule, '' where no rule is behind it."""

    path: str
    before: str
    after: str
    entry: str
    place: str
    lost: bool
    raw: tuple[object, object]


@dataclass(frozen=True, slots=True)
class ActionView:
    """One write. ``words`` as in ``create in m365``."""

    sign: str
    words: str
    klass: Class
    side: Side
    kind: str
    target: str | None
    title: str
    reason: str
    entry: str
    place: str
    fields: tuple[FieldView, ...]
    mail: Mail = NO_MAIL
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteView:
    """A record that is matched, held, or not written, and why."""

    sign: str
    words: str
    title: str
    reason: str
    entry: str
    place: str
    link: str = ""
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftView:
    """How many records take no part for one reason."""

    reason: str
    entry: str
    place: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A whole plan. ``who`` is the mailbox's address."""

    who: str
    kind: str
    plan: Plan
    digest: str
    actions: tuple[ActionView, ...]
    matched: tuple[NoteView, ...]
    held: tuple[NoteView, ...]
    refused: tuple[NoteView, ...]
    left: tuple[LeftView, ...]
    summary: str
    objections: tuple[str, ...]
    mail: Mail = NO_MAIL


def view(plan: Plan, program: Program, who: str) -> PlanView:
    """What there is to show of a plan made by ``program`` for the mailbox ``who``."""
    traversal = _Traversal(program)
    decisions = sorted(plan.decisions, key=_rank)
    matched = tuple(note for decision in decisions for note in traversal.matched(decision))
    held = tuple(note for decision in decisions for note in traversal.held(decision))
    refused = tuple(note for decision in decisions for note in traversal.refused(decision))
    left = tuple(traversal.left(decisions))
    actions = ((decision, a) for decision in decisions for a in sorted(decision.actions, key=_grave))
    summary = _summary(plan, who, matched, held, refused, left)
    return PlanView(
        who=shown.safe(who), kind=plan.header.kind, plan=plan, digest=plan.digest(),
        actions=tuple(traversal.action(decision, action) for decision, action in actions),
        matched=matched, held=held, refused=refused, left=left, summary=summary,
        objections=objections(plan.verdict), mail=_mail(plan),
    )  # fmt: skip


def _rank(decision: Decision) -> tuple[int, str, str]:
    gravest = min(map(_grave, decision.actions), default=len(ORDER))
    return gravest, decision.title.casefold(), decision.pair


def _grave(action: Action) -> int:
    return ORDER.index(action.klass)


def objections(verdict: Verdict) -> tuple[str, ...]:
    """Why the guard stops a plan, a sentence per limit; empty when it does not."""
    return tuple(
        f"{shown.count(excess.count, *CLASSES[excess.klass])} in {SIDES[excess.side]}: more than {excess.limit:,} "
        f"({shown.count(excess.of, 'linked record')} here)"
        for excess in verdict.exceeded
    )


def mailed(mail: Mail) -> str:
    """``mail: 2 invitations, 1 update (1 person outside)``; '' where nobody is mailed."""
    counts = (
        (mail.invitations, "invitation"),
        (mail.updates, "update"),
        (mail.cancellations, "cancellation"),
    )
    parts = [shown.count(number, noun) for number, noun in counts if number]
    outside = f" ({shown.count(mail.outside, 'person', 'people')} outside)" if mail.outside else ""
    return f"mail: {', '.join(parts)}{outside}" if parts else ""


def _mail(plan: Plan) -> Mail:
    """All that the plan's writes would mail."""
    return sum((action.mail for action in plan.actions), NO_MAIL)


@dataclass(frozen=True, slots=True)
class _Traversal:
    program: Program

    def place(self, entry: str) -> str:
        found = self.program.entries.get(entry)
        return f"{found.file}:{found.line}" if found else ""

    def action(self, decision: Decision, action: Action) -> ActionView:
        verb = action.klass if action.klass in ("recreate", "overwrite") else action.verb
        reason = action.reason or ("" if decision.note != "matched" else "matched for the first time")
        return ActionView(
            SIGNS[action.klass], f"{verb} in {action.side}", action.klass, action.side, action.kind, action.target,
            shown.safe(shown.shorten(action.title or decision.title)) or "(no name)", shown.safe(reason), action.entry,
            self.place(action.entry), tuple(map(self.field, action.changes)), action.mail,
            tuple(map(shown.safe, action.warnings)),
        )  # fmt: skip

    def field(self, change: FieldChange) -> FieldView:
        before, after = shown.value(change.before), shown.value(change.after)
        raw = (to_json(change.before), to_json(change.after))
        return FieldView(change.path, before, after, change.entry, self.place(change.entry), change.lost, raw)

    def matched(self, decision: Decision) -> Iterator[NoteView]:
        before, after = decision.before, decision.link
        new = before is None or before.crm_id is None or before.m365_id is None
        if new and after is not None and after.state == "linked" and not decision.actions:
            yield self._note("=", "match", decision, "", decision.entry)

    def held(self, decision: Decision) -> Iterator[NoteView]:
        link = decision.link
        if link is not None and link.state == "held":
            yield self._note("!", "held", decision, link.reason, link.entry)

    def refused(self, decision: Decision) -> Iterator[NoteView]:
        """What direction, rights or the other side's scope forbid; of a held record the reason is told there."""
        held = decision.link is not None and decision.link.state == "held"
        for refusal in decision.refusals:
            if refusal.quiet or not held:
                yield self._note("·", "not done", decision, self._why(refusal), refusal.entry)

    def _why(self, refusal: Refusal) -> str:
        reason = refusal.reason.removeprefix("not done: ")
        return f"{reason}; {f'{refusal.path} in ' if refusal.path else ''}{refusal.side} stays as it is"

    def left(self, decisions: list[Decision]) -> Iterator[LeftView]:
        reasons = Counter(
            (decision.link.reason, decision.link.entry)
            for decision in decisions
            if decision.link is not None
            and decision.link.state in ("waiting", "dormant")
            and decision.link.reason
            and not decision.actions
            and not decision.refusals
        )
        for (reason, entry), count in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
            yield LeftView(shown.safe(reason), entry, self.place(entry), count)

    def _note(self, sign: str, words: str, decision: Decision, reason: str, entry: str) -> NoteView:
        link = decision.link or decision.before
        title = shown.safe(shown.shorten(decision.title or (link.title if link else ""))) or "(no name)"
        candidates = link.candidates if link else ()
        return NoteView(
            sign, words, title, shown.safe(reason), entry, self.place(entry), link.id if link else "", candidates
        )  # fmt: skip


def _summary(
    plan: Plan,
    who: str,
    matched: tuple[NoteView, ...],
    held: tuple[NoteView, ...],
    refused: tuple[NoteView, ...],
    left: tuple[LeftView, ...],
) -> str:
    """``Plan for anna@…: 3 to create in Microsoft 365; 1 to update in the CRM; 2 held``."""
    parts = [part for side in (M365, CRM) for part in _tally(plan, side)]
    one_way = sum(note.reason.startswith("one-way") for note in refused)
    numbers = (
        (len(matched), "matched"),
        (len(held), "held"),
        (one_way, "not done (one-way)"),
        (len(refused) - one_way, "not done"),
        (sum(group.count for group in left), "left alone"),
    )
    if not parts:
        parts.append("nothing to write")
    parts += [f"{number:,} {words}" for number, words in numbers if number]
    parts += filter(None, [mailed(_mail(plan))])
    return f"Plan for {shown.safe(who)} ({plan.header.kind}): {'; '.join(parts)}"


def _tally(plan: Plan, side: Side) -> Iterator[str]:
    verbs = Counter(action.verb for action in plan.actions if action.side == side)
    words = [f"{verbs[verb]:,} to {verb}" for verb in ("create", "update", "move", "delete") if verbs[verb]]
    if words:
        yield f"{', '.join(words)} in {SIDES[side]}"
