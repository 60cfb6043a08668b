"""Plans on a terminal, as JSON and as a page: three forms of what ``planview`` found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import structs

from tandem import shown
from tandem.planview import SIDES, ActionView, FieldView, NoteView, PlanView, mailed
from tandem.shown import Paint, Role, unpainted

if TYPE_CHECKING:
    from engine.sync.pipeline import Report

_ROLES: Final[dict[str, Role]] = {
    "+": "create", "~": "update", "»": "update", "-": "delete", "=": "match", "!": "held", "·": "quiet",
}  # fmt: skip
_PAST: Final = {"create": "created", "update": "updated", "move": "moved", "delete": "deleted"}
_PATHS: Final = 30
_VALUES: Final = 64
_TITLES: Final = 40
_WORDS: Final = 18


def as_text(plan: PlanView, paint: Paint = unpainted) -> Iterator[str]:
    """A plan, line by line: deletions first, then overwrites, updates, creations, and what is not written."""
    for action in plan.actions:
        yield from _action(action, paint)
    for group in (plan.matched, plan.held, plan.refused):
        yield from (_note(note, paint) for note in group)
    for left in plan.left:
        yield _line("·", "left alone", shown.count(left.count, "record"), left.reason, left.place, paint)
    if plan.actions or plan.matched or plan.held or plan.refused or plan.left:
        yield ""
    yield paint("strong", plan.summary)


def _action(action: ActionView, paint: Paint) -> Iterator[str]:
    yield _line(action.sign, action.words, action.title, action.reason, action.place if action.reason else "", paint)
    paths = min(max((len(field.path) for field in action.fields), default=0), _PATHS)
    values = [_change(action, field) for field in action.fields]
    widest = min(max(map(shown.width, values), default=0), _VALUES)
    if action.mail.people:
        yield f"      {paint('held', mailed(action.mail))}"
    yield from (f"      {paint('held', f'warning: {warning}')}" for warning in action.warnings)
    for field, value in zip(action.fields, values, strict=True):
        lost = paint("held", "  replaces an entry") if field.lost else ""
        place = "  " + paint("place", field.place) if field.place else ""
        yield f"      {shown.padded(field.path, paths)}  {shown.padded(value, widest if place else 0)}{place}{lost}"


def _change(action: ActionView, field: FieldView) -> str:
    """Creations show what is entered, deletions what goes."""
    if action.sign == "+":
        return field.after
    return field.before if action.sign == "-" else f"{field.before} → {field.after}"


def _note(note: NoteView, paint: Paint) -> str:
    reason = note.reason
    if note.candidates:
        reason += f": {', '.join(map(shown.safe, note.candidates))}"
    return _line(note.sign, note.words, note.title, reason, note.place, paint)


def _line(sign: str, words: str, title: str, reason: str, place: str, paint: Paint) -> str:
    head = paint(_ROLES[sign], f"{sign} {words}") + " " * max(0, _WORDS - len(words))
    tail = "  ".join(part for part in (reason, paint("place", place) if place else "") if part)
    gap = " " * max(0, _TITLES - shown.width(title)) if tail else ""
    return f"{head}  {paint('title', title)}{gap}{'  ' + tail if tail else ''}"


def guard_text(plan: PlanView, command: str, paint: Paint = unpainted, digest: str | None = None) -> Iterator[str]:
    """What the guard objects to and how a person confirms it; nothing when it does not object."""
    if plan.objections:
        yield paint("delete", "The guard stops this plan:")
        yield from (f"  {objection}" for objection in plan.objections)
        yield f"Read it; if it is right, run it with  {command} --confirm {digest or plan.digest}"


def outcome(report: Report, paint: Paint = unpainted) -> Iterator[str]:
    """What came of a run: writes done, and what a person should look at."""
    if not report.ran:
        yield paint("delete", "Nothing was written.")
        return
    done = tally(report)
    if done:
        yield paint("create", f"Done: {done}.")
    for title, reason in report.problems:
        yield f"{paint('held', '! not written')}       {shown.safe(title)}  {shown.safe(reason)}"
    for title in report.skipped:
        yield f"{paint('held', '! moved on')}          {shown.safe(title)}  changed since the plan was made; left alone"


def tally(report: Report) -> str:
    """What was written: ``3 created, 1 updated in Microsoft 365; 2 updated in the CRM``; '' for nothing."""
    done = {(side, verb): number for (verb, side, end), number in report.counts.items() if end == "done"}
    return "; ".join(
        f"{', '.join(words)} in {SIDES[side]}"
        for side in SIDES
        if (words := [f"{done[side, verb]:,} {_PAST[verb]}" for verb in _PAST if (side, verb) in done])
    )


def as_json(plan: PlanView) -> dict[str, object]:
    """A plan as a JSON object; values are the sides' own, times ISO 8601 UTC. ``mail`` counts the mails that the
    plan, or one action, makes Microsoft 365 send."""
    header = plan.plan.header
    return {
        "user": header.user, "mailbox": plan.who, "kind": plan.kind, "digest": plan.digest,
        "header": {
            "org": header.org, "space": header.space, "program": header.program, "settings": dict(header.settings),
            "now": header.now, "zone": header.zone, "cause": header.cause, "inputs": header.inputs,
            "read": dict(header.read),
        },
        "actions": [_action_json(action) for action in plan.actions],
        "matched": [_note_json(note) for note in plan.matched],
        "held": [_note_json(note) for note in plan.held],
        "not_done": [_note_json(note) for note in plan.refused],
        "left_alone": [
            {"reason": left.reason, "entry": left.entry, "rule": left.place, "count": left.count} for left in plan.left
        ],
        "mail": structs.asdict(plan.mail),
        "summary": plan.summary,
        "allowed": plan.plan.verdict.allowed,
        "objections": list(plan.objections),
    }  # fmt: skip


def _action_json(action: ActionView) -> dict[str, object]:
    verb = action.words.partition(" ")[0]
    changes = [
        {"path": field.path, "before": field.raw[0], "after": field.raw[1], "entry": field.entry, "rule": field.place,
         "replaces_an_entry": field.lost}
        for field in action.fields
    ]  # fmt: skip
    return {
        "side": action.side, "verb": verb, "class": action.klass, "kind": action.kind, "id": action.target,
        "title": action.title, "reason": action.reason, "entry": action.entry, "rule": action.place,
        "mail": structs.asdict(action.mail) if action.mail.people else None, "warnings": list(action.warnings),
        "changes": changes,
    }  # fmt: skip


def _note_json(note: NoteView) -> dict[str, object]:
    found: dict[str, object] = {"title": note.title, "reason": note.reason, "entry": note.entry, "rule": note.place}
    if note.sign == "!":
        found |= {"id": note.link, "candidates": list(note.candidates)}
    return found


def as_html(plans: Sequence[PlanView], organisation: str, made: str) -> str:
    """One self-contained page for all plans; everything that comes from records is escaped."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("plan.html").render(
        plans=plans, organisation=organisation, made=made, mailed=mailed
    )
