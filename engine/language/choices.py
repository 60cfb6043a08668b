"""Translate tables as what they are: finite. Every value of both fields is tried, so that a table is proved to answer
every one, once, and a gap is shown with the value that falls into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from engine.language.checked import AnyOther, Cell, Constant, Keep, Row, RuleSet, Translation
from engine.language.diagnostics import Note, Problems
from engine.language.wording import described, shown, some
from engine.lenses import tables
from engine.lenses.base import Ends
from engine.lenses.tables import TableLens
from engine.records import CRM, M365, Side, Value
from engine.schema import Type

LIMIT: Final = 10_000
"""The most whole numbers that are tried one by one; a longer range must have ``any other``, like text."""


class Domain(Struct, frozen=True):
    """The values of one side: all of them where the type lists them, else those the table names and all others."""

    values: tuple[Value, ...]
    closed: bool


def check(rules: RuleSet, problems: Problems) -> dict[str, TableLens]:
    """Prove every table of the rule set; the lenses by table name, also of tables with problems."""
    found = {}
    for table in rules.translations:
        used = _directions(rules, table)
        if not used:
            hint = f"Write “as {table.name}” on a map line, or delete the section."
            problems.add("T404", table.entry.span, f"No map line uses the table “{table.name}”.", hint)
        found[table.name] = _proved(table, used or {CRM, M365}, problems)
    return found


def _directions(rules: RuleSet, table: Translation) -> set[Side]:
    """The sides that map lines write through this table."""
    found: set[Side] = set()
    for line in rules.lines:
        if line.lens is not None and line.lens.translation is not None and line.lens.translation.name == table.name:
            found |= {M365} if line.arrow == "->" else {CRM} if line.arrow == "<-" else {CRM, M365}
    return found


def _proved(table: Translation, used: set[Side], problems: Problems) -> TableLens:
    _check_values(table, problems)
    lens = TableLens(
        table.name,
        Ends(table.crm.type, table.m365.type),
        _direction(table, M365, problems),
        _direction(table, CRM, problems),
        {side: tuple(_keep(keep) for keep in table.keeps if keep.side == side) for side in (CRM, M365)},
    )
    crm, m365 = domain(table, CRM), domain(table, M365)
    for side, values in ((M365, crm), (CRM, m365)):
        if side in used:
            _check_total(table, lens, side, values, problems)
    _check_keeps(table, lens, crm, m365, problems)
    return lens


def domain(table: Translation, side: Side) -> Domain:
    """What the table must answer on one side; ``closed`` when the type lists its values."""
    kind = table.crm.type if side == CRM else table.m365.type
    listed = _listed(kind)
    if listed is not None:
        return Domain(listed, True)
    cells = (row.crm if side == CRM else row.m365 for row in table.rows)
    named = [*kind.choices, *(cell.value for cell in cells if isinstance(cell, Constant))]
    named += [keep.value.value for keep in table.keeps if keep.side == side]
    named += [other.value for keep in table.keeps if keep.side != side for other in keep.others]
    return Domain((*dict.fromkeys(named), _another(kind, named)), False)


def _listed(kind: Type) -> tuple[Value, ...] | None:
    if kind.name == "flag":
        return (True, False)
    if kind.name == "choice" and not kind.open:
        return kind.choices
    if kind.name == "integer" and kind.limit is not None and kind.limit < LIMIT:
        return tuple(range(kind.limit + 1))
    return None


def _another(kind: Type, named: Sequence[Value]) -> Value:
    """A value that stands for all that the table does not name."""
    if kind.name == "integer":
        return max((value for value in named if isinstance(value, int)), default=0) + 1
    return "\n".join(["any other", *(str(value) for value in named)])


def fits(value: Value, kind: Type) -> bool:
    """Whether a constant is a value of the type."""
    if kind.name == "flag":
        return isinstance(value, bool)
    if kind.name == "integer":
        within = isinstance(value, int) and not isinstance(value, bool)
        return within and (kind.limit is None or 0 <= int(str(value)) <= kind.limit)
    if kind.name == "choice":
        return value in kind.choices or (kind.open and isinstance(value, str))
    return isinstance(value, str) and kind.name in ("text", "long text", "email", "phone")


def _check_values(table: Translation, problems: Problems) -> None:
    for side, constant in _constants(table):
        ref = table.crm if side == CRM else table.m365
        if not fits(constant.value, ref.type):
            listed = _listed(ref.type)
            hint = f"It can hold {some(listed)}." if listed else f"It holds {described(ref.type)}."
            problems.add("T400", constant.span, f"{shown(constant.value)} is no value of “{ref.path}”.", hint)


def _constants(table: Translation) -> Iterator[tuple[Side, Constant]]:
    for row in table.rows:
        for side, cell in ((CRM, row.crm), (M365, row.m365)):
            if isinstance(cell, Constant):
                yield side, cell
    for keep in table.keeps:
        yield keep.side, keep.value
        for other in keep.others:
            yield (M365 if keep.side == CRM else CRM), other


def _direction(table: Translation, into: Side, problems: Problems) -> tables.Direction:
    """The rows read into one side: each value once; listed values come before ``any other``."""
    rows: dict[Value, Value] = {}
    firsts: dict[Value | None, Row] = {}
    other: Value = None
    for row in table.rows:
        if row.arrow == ("<-" if into == M365 else "->"):
            continue
        given, made = (row.crm, row.m365) if into == M365 else (row.m365, row.crm)
        if isinstance(made, AnyOther):
            hint = "Write the value, or turn the arrow round."
            problems.add("T401", made.span, "“any other” is no value to write.", hint)
            continue
        _check_first(table, firsts, row, given, problems)
        if isinstance(given, AnyOther):
            other = made.value if other is None else other
        else:
            rows.setdefault(given.value, made.value)
    return tables.Direction(rows, other)


def _check_first(
    table: Translation, firsts: dict[Value | None, Row], row: Row, given: Cell, problems: Problems
) -> None:
    key = None if isinstance(given, AnyOther) else given.value
    first = firsts.setdefault(key, row)
    if first is not row:
        value = "“any other”" if key is None else shown(key)
        note = Note(first.entry.span, "the first row for it")
        hint = "Delete one of them, or make one of the arrows point one way."
        problems.add("T403", given.span, f"“{table.name}” already says what becomes of {value}.", hint, note)


def _check_total(table: Translation, lens: TableLens, into: Side, found: Domain, problems: Problems) -> None:
    rows = lens.to_m365_rows if into == M365 else lens.to_crm_rows
    missing = [value for value in found.values if rows(value) is None]
    if not missing:
        return
    ref = table.crm if into == M365 else table.m365
    arrow = "->" if into == M365 else "<-"
    if found.closed:
        text = f"“{table.name}” has no row for {some(missing)} of “{ref.path}” in the direction {arrow}."
    else:
        text = f"“{table.name}” has no row for values of “{ref.path}” that it does not name, in the direction {arrow}."
    row = f"any other {arrow} …" if into == M365 else f"… {arrow} any other"
    problems.add("T402", table.entry.span, text, f"Add a row for it, or: {row}")


def _check_keeps(table: Translation, lens: TableLens, crm: Domain, m365: Domain, problems: Problems) -> None:
    """A keep must make a difference for some pair of values, else it says something it does not do."""
    for keep in table.keeps:
        made = _keep(keep)
        rows = lens.to_crm_rows if keep.side == CRM else lens.to_m365_rows
        given = m365.values if keep.side == CRM else crm.values
        if not any(made.keeps(made.value, value) and rows(value) != made.value for value in given):
            text = f"Keeping {shown(keep.value.value)} {keep.sense} these values makes no difference."
            problems.add("T405", keep.entry.span, text, "Delete the line, or name other values.")


def _keep(keep: Keep) -> tables.Keep:
    return tables.Keep(keep.value.value, keep.sense, frozenset(other.value for other in keep.others))
