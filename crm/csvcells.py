"""What the cells of an import mean: keys that come once, numbers, flags and names, each refused with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from crm.csvfiles import USERS, Line, Sheet
from crm.csvtimes import time_from_cell
from crm.fields import Column
from crm.kinds import COMPANIES, Named
from crm.people import all_users
from crm.store import Edit
from crm.values import Stored, Unfit, stored
from engine.context import fold
from engine.errors import UserError
from engine.schema import DATE, FLAG, INSTANT

_FLAGS: Final = {
    "yes": True, "y": True, "true": True, "1": True,
    "no": False, "n": False, "false": False, "0": False, "": False,
}  # fmt: skip


class Once:
    """Refuses a key that stands in a file twice."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._lines: dict[str, int] = {}

    def check(self, line: Line, key: str) -> str:
        """The key itself. Raises UserError the second time."""
        first = self._lines.setdefault(fold(key), line.number)
        if first != line.number:
            raise line.error(f"this {self._label} stands in line {first} already.", "Remove one of the two rows.")
        return key


@contextmanager
def at(line: Line) -> Iterator[None]:
    """Add the line to what the CRM says about its values."""
    try:
        yield
    except UserError as error:
        raise line.error(str(error), error.hint) from None


def required(line: Line, sheet: Sheet, field: str) -> str:
    """A cell that must be filled in."""
    value = line.cells[field].strip()
    if not value:
        raise line.error(f"{sheet.label(field)} is empty.")
    return value


def number(line: Line, sheet: Sheet, field: str = "crmid") -> str | None:
    """The row's id without leading zeros; None where there is none."""
    text = line.cells.get(field, "").strip()
    if text and not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise line.error(f"{sheet.label(field)} must be a whole number.")
    return str(int(text)) if text else None


def flag(line: Line, label: str, cell: str) -> bool:
    """yes or no; an empty cell is no."""
    value = _FLAGS.get(cell.strip().casefold())
    if value is None:
        raise line.error(f"{label} must be yes or no.")
    return value


def stored_cell(line: Line, column: Column) -> Stored:
    """What is stored of one of a record's own fields."""
    cell = line.cells[column.name]
    if column.type is FLAG:
        return flag(line, column.label, cell)
    try:
        if column.type is INSTANT:
            return stored(column, time_from_cell(column.label, cell, line.zone))
        return stored(column, cell.strip() if column.type is DATE else cell)
    except Unfit as error:
        raise line.error(f"{error.reason}.") from None


def look_up(line: Line, label: str, known: Mapping[str, str], name: str, what: str, sheet: Sheet) -> str:
    """The id of what a cell names, from folded names; ``sheet`` is where it should have been imported from."""
    found = known.get(fold(name))
    if found is None:
        raise line.error(f"{label} names a {what} that the CRM does not have.", f"Add it to {sheet.file} first.")
    return found


def owner_of(line: Line, owners: Mapping[str, str]) -> str | None:
    """The id of the user whom a row is assigned to."""
    name = line.cells.get("assigned_user_id", "")
    return look_up(line, "Assigned To", owners, name, "user", USERS) if fold(name) else None


def owners(edit: Edit) -> dict[str, str]:
    """User ids by folded user name."""
    users = all_users(edit.transaction.connection, edit.transaction.org)
    return {fold(user.user_name): user.id for user in users}


@dataclass(frozen=True, slots=True)
class Held:
    """A company or folder that is there; ``extra`` is its owner or its description."""

    id: str
    name: str
    key: str
    extra: str | None


def named_records(edit: Edit, named: Named) -> list[Held]:
    """All of them, the oldest first."""
    table = named.table
    extra = table.c.owner_id if named is COMPANIES else table.c.description
    wanted = select(table.c.crm_id, table.c[named.name].label("name"), table.c.name_key, extra.label("extra"))
    rows = edit.transaction.connection.execute(wanted.where(table.c.org_id == edit.transaction.org))
    held = [Held(row.crm_id, row.name, row.name_key, row.extra) for row in rows]
    return sorted(held, key=lambda one: (len(one.id), one.id))
