"""Finding a live record, and both sides of it, for a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cases.capture import captured
from engine.context import Context
from engine.errors import UserError
from engine.language.program import Program
from engine.links import Base
from engine.records import Record
from engine.records import State as Present

if TYPE_CHECKING:
    from engine.port import ReadView
    from engine.sync.pipeline import Tick
    from tandem.installation import Installation


def capture_record(installation: Installation, record: str, user: str | None) -> str:
    """A case of the pair that this id belongs to, or of a record that has no counterpart yet. Raises UserError for an
    id that no mailbox's rules know."""
    ticks = [
        installation.tick(space.space, program, "capture")
        for space in installation.chosen_spaces(user)
        for program in installation.programs()
        if program.m365.shared == space.shared
    ]
    pair = next((found for tick in ticks if (found := _linked(record, tick)) is not None), None)
    if pair is not None:
        return pair
    alone = sorted(one for tick in ticks if (one := _alone(record, tick)) is not None)
    if alone:
        return alone[0][1]
    hint = "`tandem crm list` and `tandem history` tell ids."
    raise UserError(f"No record that is synced has the id {record}.", hint)


def _linked(record: str, tick: Tick) -> str | None:
    """The case of a pair, or of an item that waits for its counterpart."""
    program = tick.program
    for link, base in tick.state.links(tick.space.id, program.name, [record], [record]):
        crm = _one(tick.crm.reader(tick.space), program.crm.kind, link.crm_id)
        m365 = _one(tick.m365.reader(tick.space), program.m365.kind, link.m365_id, program)
        known: Base | None = base if link.crm_id and link.m365_id else None
        return captured(program, _context(tick, crm), known, crm, m365)
    return None


def _alone(record: str, tick: Tick) -> tuple[bool, str] | None:
    """The case of a CRM record that has no counterpart, with whether it is out of scope for this mailbox."""
    program = tick.program
    crm = _one(tick.crm.reader(tick.space), program.crm.kind, record)
    if not isinstance(crm, Record):
        return None
    context = _context(tick, crm)
    return program.scope(crm, None, context) is not None, captured(program, context, None, crm, None)


def _one(view: ReadView, kind: str, id: str | None, program: Program | None = None) -> Present | None:
    """One record as its side has it now, with all its parts."""
    parts = [field.name for field in program.m365.fields if field.part] if program is not None else []
    return next(iter(view.read(kind, [id], parts)), None) if id else None


def _context(tick: Tick, crm: Present | None) -> Context:
    """That of the member in charge, else of the leading one."""
    owner = crm.values.get(tick.program.crm.owner) if isinstance(crm, Record) and tick.program.crm.owner else None
    return next((one for one in tick.contexts if one.user == owner), tick.context)
