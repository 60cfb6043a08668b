"""The CRM's CSV files: which columns each has, under OpenCRM's labels, and how they are read. Whatever is wrong with a
file is said with its line, its column and what to do about it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final, TextIO
from zoneinfo import ZoneInfo

from crm.csvtimes import DEFAULT_ZONE, zone_named
from crm.fields import ACTIVITY_COLUMNS, CONTACT_COLUMNS, Column
from engine.context import fold
from engine.errors import UserError
from engine.schema import INSTANT

MAX_BYTES: Final = 256 * 1024 * 1024
MAX_ROWS: Final = 1_000_000
MAX_CELL: Final = 131_072
"""Characters in one cell; the csv module's own limit."""

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
GUARD: Final = "'"

_SAVE_AS: Final = "Open it in the program it comes from and save it as UTF-8 (in Excel: “CSV UTF-8”)."


@dataclass(frozen=True, slots=True)
class Heading:
    """One column: OpenCRM's field name and the label people see. An ``instant`` is written in the file's time zone."""

    field: str
    label: str
    required: bool = False
    instant: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One kind of file."""

    name: str
    headings: tuple[Heading, ...]

    @property
    def file(self) -> str:
        return f"{self.name}.csv"

    def label(self, field: str) -> str:
        return next(heading.label for heading in self.headings if heading.field == field)


TEAMS: Final = Sheet(
    "teams", (Heading("name", "Team", True), Heading("description", "Description"), Heading("sharing", "Sharing"))
)
USERS: Final = Sheet(
    "users",
    (
        Heading("user_name", "user_name", True),
        Heading("first_name", "first_name"),
        Heading("last_name", "last_name"),
        Heading("email1", "email1"),
        Heading("status", "status"),
        Heading("teams", "teams"),
        Heading("zone", "time zone"),
        Heading("is_admin", "administrator"),
    ),
)
FOLDERS: Final = Sheet("folders", (Heading("name", "Folder", True), Heading("description", "Description")))
COMPANIES: Final = Sheet(
    "companies",
    (
        Heading("crmid", "Company Id"),
        Heading("accountname", "Organisation Name", True),
        Heading("assigned_user_id", "Assigned To"),
    ),
)


def _own(columns: Sequence[Column]) -> tuple[Heading, ...]:
    return tuple(Heading(column.name, column.label, instant=column.type is INSTANT) for column in columns)


_AFTER_NAMES: Final = 2
CONTACTS: Final = Sheet(
    "contacts",
    (
        Heading("crmid", "Contact Id"),
        *_own(CONTACT_COLUMNS[:_AFTER_NAMES]),
        Heading("accountid", "Organisation Name"),
        *_own(CONTACT_COLUMNS[_AFTER_NAMES:]),
        Heading("folder", "Folder"),
        Heading("assigned_user_id", "Assigned To"),
    ),
)
TASK_LISTS: Final = Sheet(
    "tasklists",
    (Heading("crmid", "Task List Id"), Heading("name", "Task List", True), Heading("in_planner", "In Planner")),
)
ACTIVITIES: Final = Sheet(
    "activities",
    (
        Heading("crmid", "Activity Id"),
        *_own(ACTIVITY_COLUMNS),
        Heading("tasklist", "Task List"),
        Heading("users", "Users"),
        Heading("assigned_user_id", "Assigned To"),
    ),
)
SHARES: Final = Sheet(
    "shares",
    (
        Heading("crmid", "Contact Id"),
        Heading("activity", "Activity Id"),
        Heading("team", "Team"),
        Heading("user", "User"),
        Heading("access", "Access", True),
    ),
)
SHEETS: Final = (TEAMS, USERS, FOLDERS, COMPANIES, CONTACTS, TASK_LISTS, ACTIVITIES, SHARES)
"""In the order they build on each other."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row: where it begins, its cells by field, for the columns that the file has, and the zone of its times."""

    file: str
    number: int
    cells: Mapping[str, str]
    zone: ZoneInfo

    def error(self, problem: str, hint: str = "") -> UserError:
        return _error(self.file, self.number, problem, hint)


def guard(cell: str) -> str:
    """The cell as it is exported: what a spreadsheet would take for a formula gets an apostrophe before it."""
    return GUARD + cell if cell.lstrip(GUARD).startswith(FORMULA_STARTS) else cell


def unguard(cell: str) -> str:
    """The inverse of :func:`guard`; any other cell stays as it is."""
    return cell[1:] if cell.startswith(GUARD) and cell.lstrip(GUARD).startswith(FORMULA_STARTS) else cell


def join_names(names: Sequence[str]) -> str:
    """Several names in one cell, separated by ``; ``; a semicolon within a name is doubled."""
    return "; ".join(name.replace(";", ";;") for name in names)


def split_names(cell: str) -> list[str]:
    """The inverse of :func:`join_names`; empty names are left out."""
    names, place = [""], 0
    while place < len(cell):
        if cell.startswith(";;", place):
            names[-1] += ";"
            place += 2
            continue
        if cell[place] == ";":
            names.append("")
        else:
            names[-1] += cell[place]
        place += 1
    return [name.strip() for name in names if name.strip()]


def read_sheet(path: Path, sheet: Sheet, zone: str = DEFAULT_ZONE) -> Iterator[Line]:
    """The rows of a file, one at a time. Raises UserError for whatever is wrong with it."""
    try:
        _check_bytes(path)
        with path.open(encoding="utf-8-sig", newline="") as text:
            yield from _rows(path.name, text, sheet, zone_named(zone))
    except UnicodeDecodeError:
        problem = "this line holds bytes that are not UTF-8 text."
        raise _error(path.name, _undecodable(path), problem, _SAVE_AS) from None
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}.") from None


def _check_bytes(path: Path) -> None:
    if path.stat().st_size > MAX_BYTES:
        raise UserError(f"{path.name} is larger than {MAX_BYTES >> 20} MiB.", "Split it into several files.")
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in start:
        raise _error(path.name, 1, "the file is written in UTF-16 or UTF-32, not in UTF-8.", _SAVE_AS)


def _undecodable(path: Path) -> int:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


def _rows(file: str, text: TextIO, sheet: Sheet, zone: ZoneInfo) -> Iterator[Line]:
    reader = csv.reader(text, strict=True)
    began = 1
    fields: list[str] | None = None
    try:
        for count, row in enumerate(reader):
            if fields is None:
                fields = _fields(file, row, sheet)
            elif row:
                yield Line(file, began, _cells(file, began, fields, row), zone)
            if count > MAX_ROWS:
                raise _error(file, began, f"the file has more than {MAX_ROWS} rows.", "Split it into several files.")
            began = reader.line_num + 1
    except csv.Error as error:
        raise _error(file, began, *_said(str(error))) from None
    if fields is None:
        raise UserError(f"{file} is empty.", f"Its first line must name columns, such as {sheet.headings[0].label}.")


def _said(problem: str) -> tuple[str, str]:
    if problem == "unexpected end of data":
        return "a cell opened by a quote in this row is never closed.", "The file seems to be cut off: export it again."
    if problem.startswith("field larger"):
        hint = "Is a quote missing at its end? Otherwise shorten it."
        return f"a cell holds more than {MAX_CELL} characters.", hint
    hint = 'Put cells with quotes, commas or line ends between quotes, and double the quotes inside ("").'
    return "this row can't be read as CSV.", hint


def _cells(file: str, number: int, fields: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    if len(row) != len(fields):
        problem = f"{len(row)} cells stand under {len(fields)} columns."
        raise _error(file, number, problem, "Is the file cut off, or a cell with a comma not between quotes?")
    if any("\0" in cell for cell in row):
        raise _error(file, number, "a cell holds a NUL character.", _SAVE_AS)
    return {field: unguard(cell) for field, cell in zip(fields, row, strict=True)}


def _fields(file: str, row: Sequence[str], sheet: Sheet) -> list[str]:
    known = {fold(name): one.field for one in sheet.headings for name in (one.label, one.field)}
    found: list[str] = []
    for cell in row:
        field = known.get(fold(unguard(cell)))
        if field is None:
            raise _error(file, 1, f"{sheet.file} has no column “{_short(cell)}”.", _suggest(cell, row, sheet))
        if field in found:
            raise _error(file, 1, f"the column “{sheet.label(field)}” stands there twice.", "Remove one.")
        found.append(field)
    missing = [one.label for one in sheet.headings if one.required and one.field not in found]
    if missing:
        raise _error(file, 1, f"the column “{missing[0]}” is missing.", "Add it to the first line.")
    return found


def _suggest(cell: str, row: Sequence[str], sheet: Sheet) -> str:
    if len(row) == 1 and (";" in cell or "\t" in cell):
        return "Its columns are separated by semicolons or tabs: save it with commas."
    labels = {fold(name): one.label for one in sheet.headings for name in (one.field, one.label)}
    near = get_close_matches(fold(cell), labels, n=1)
    if near:
        return f"Did you mean “{labels[near[0]]}”?"
    return f"Its columns are: {', '.join(one.label for one in sheet.headings)}."


def _short(cell: str) -> str:
    shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in cell)
    return shown if len(shown) <= 40 else shown[:40] + "…"


def _error(file: str, number: int, problem: str, hint: str = "") -> UserError:
    return UserError(f"{file}, line {number}: {problem}", hint)
