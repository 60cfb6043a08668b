"""What a move does to others: a record that is linked in several mailboxes moves in all of them, and may so leave what
one of their users has chosen. Told in the plan, before anything moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from engine.context import Context
from engine.language.program import Line, Program, Reason
from engine.lenses.base import Untranslatable
from engine.links import Base, Link, Space
from engine.plans import Action, Decision
from engine.port import State
from engine.records import CRM, M365, Record, Value
from engine.sync.pairs import Pairing
from engine.sync.rows import last_known


class Neighbour(Struct, frozen=True):
    """The user of another space: what people call the space, and the context its pairs are decided in."""

    who: str
    context: Context


Neighbours: TypeAlias = Callable[[], Mapping[str, Neighbour]]
"""Space id ▸ its user, for all other spaces that take part; asked only when something moves."""


def nobody() -> Mapping[str, Neighbour]:
    """The neighbours of a space that is alone."""
    return {}


class _Move(Struct, frozen=True):
    """A CRM record as both sides last agreed on where it is, and as it is going to be."""

    line: Line
    before: Record
    after: Record


def warned(
    program: Program, space: Space, state: State, neighbours: Neighbours,
    page: Sequence[Pairing], decisions: Sequence[Decision],
) -> tuple[Decision, ...]:  # fmt: skip
    """The decisions, those that move a record with a warning for each other mailbox that it thereby leaves."""
    pairings = {pairing.id: pairing for pairing in page}
    moves = {d.pair: move for d in decisions if d.actions and (move := _move(program, pairings.get(d.pair), d))}
    others = neighbours() if moves else {}
    if not others:
        return tuple(decisions)
    linked: dict[str, list[tuple[Link, Base]]] = defaultdict(list)
    for link, base in state.peers(space.id, program.name, (), {move.after.id for move in moves.values()}):
        if link.state == "linked" and link.crm_id and link.m365_id:
            linked[link.crm_id].append((link, base))
    return tuple(_with(program, d, moves.get(d.pair), linked, others) for d in decisions)


def _move(program: Program, pairing: Pairing | None, decision: Decision) -> _Move | None:
    """What the decision moves, if it brings two records into step whose place has changed."""
    line = next((line for line in program.lines if _places(program, line)), None)
    if line is None or pairing is None or not isinstance(pairing.crm, Record) or decision.link is None:
        return None
    path = line.crm_path or ""
    if not any(change.path in (path, line.m365_path) for a in decision.actions for change in a.changes):
        return None
    if path not in pairing.base.crm or any(action.verb in ("create", "delete") for action in decision.actions):
        return None
    written = next((action.values for action in decision.actions if action.side == CRM), {})
    crm = pairing.crm
    return _Move(
        line, replace(crm, values={**crm.values, path: pairing.base.crm[path]}),
        replace(crm, values={**crm.values, **written}),
    )  # fmt: skip


def _places(program: Program, line: Line) -> bool:
    field = program.m365.by_name.get(line.m365_path or "")
    return field is not None and field.place and field.container and line.crm_path in program.crm.by_name


def _with(
    program: Program, decision: Decision, move: _Move | None, linked: Mapping[str, Sequence[tuple[Link, Base]]],
    others: Mapping[str, Neighbour],
) -> Decision:  # fmt: skip
    if move is None:
        return decision
    warnings = []
    for link, base in linked.get(move.after.id, ()):
        neighbour = others.get(link.space)
        reason = _leaves(program, neighbour.context, move, link, base) if neighbour else None
        if neighbour and reason:
            warnings.append(f"in {neighbour.who} it is then out of scope: {reason.text}")
    if not warnings:
        return decision
    first, *rest = sorted(decision.actions, key=lambda action: not _moves(move, action))
    told = replace(first, warnings=(*first.warnings, *sorted(warnings)))
    actions = {action.id: action for action in (told, *rest)}
    return replace(decision, actions=tuple(actions[action.id] for action in decision.actions))


def _moves(move: _Move, action: Action) -> bool:
    path = move.line.crm_path if action.side == CRM else move.line.m365_path
    return any(change.path == path for change in action.changes)


def _leaves(program: Program, context: Context, move: _Move, link: Link, base: Base) -> Reason | None:
    """Why the pair of another mailbox, which is in scope now, no longer will be."""
    values: dict[str, Value] = {**dict.fromkeys(program.m365.by_name), **program.last_known(base.m365)}
    item = last_known(program.m365, link.m365_id, values)
    if not program.direction(context).allows(M365) or program.scope(move.before, item, context) is not None:
        return None
    path = move.line.m365_path or ""
    try:
        there = move.line.lens.to_m365(move.after.values.get(move.line.crm_path or ""), values[path], context)
    except Untranslatable:
        return program.scope(move.after, item, context)
    return program.scope(move.after, replace(item, values={**values, path: there}), context)
