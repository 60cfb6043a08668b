"""Reading CSV: labels in any order, and a plain word for everything that can be wrong with a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.csvfiles import CONTACTS, FOLDERS, guard, join_names, read_sheet, split_names, unguard
from engine.errors import UserError

HEADER = "Contact Id,First Name,Last Name,Birthday"


def read(tmp_path: Path, content: str | bytes) -> list[dict[str, str]]:
    path = tmp_path / "contacts.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [dict(line.cells) for line in read_sheet(path, CONTACTS)]


def test_columns_come_in_any_order_under_label_or_field_name(tmp_path: Path) -> None:
    """Case and white space of a heading do not count; a byte order mark is no part of it."""
    rows = read(tmp_path, "\ufeffLAST  name,crmid,mailingzip\r\nMarlowe,7,EH6\r\n")
    assert rows == [{"lastname": "Marlowe", "crmid": "7", "mailingzip": "EH6"}]


def test_cells_may_hold_line_ends_commas_and_quotes(tmp_path: Path) -> None:
    """Rows are numbered by the line they begin on."""
    path = tmp_path / "contacts.csv"
    path.write_bytes(b'Contact Id,Description\n1,"a, ""b""\r\nc"\n\n2,plain\n')
    lines = list(read_sheet(path, CONTACTS))
    assert [(line.number, line.cells["description"]) for line in lines] == [(2, 'a, "b"\r\nc'), (5, "plain")]


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        (
            f'{HEADER}\n1,Ann,"Lee\nnotes go on',
            "line 2: a cell opened by a quote in this row is never closed",
            "cut off",
        ),
        (f"{HEADER}\n1,Ann,Lee,\n2,Bo", "line 3: 2 cells stand under 4 columns", "cut off"),
        (f"{HEADER}\n1,Ann,Lee,,more\n", "line 2: 5 cells stand under 4 columns", "comma"),
        (f'{HEADER}\n1,"Ann"x,Lee,\n', "line 2: this row can't be read as CSV", "double the quotes"),
        (f"{HEADER}\n1,{'x' * 140_000},Lee,\n", "line 2: a cell holds more than 131072 characters", "quote missing"),
        ("", "contacts.csv is empty", "Contact Id"),
        ("Contact Id,Frist Name\n", "line 1: contacts.csv has no column “Frist Name”", "Did you mean “First Name”?"),
        ("Contact Id,colour\n", "line 1: contacts.csv has no column “colour”", "Its columns are: Contact Id, "),
        ("Contact Id;First Name\n1;Ann\n", "line 1: contacts.csv has no column", "save it with commas"),
        ("email,E-mail\n", "line 1: contacts.csv has no column “E-mail”", "Did you mean “Email”?"),
        ("email,EMAIL\n", "line 1: the column “Email” stands there twice", "Remove one"),
        ("lastname\nM\xfcller\n".encode("latin-1"), "line 2: this line holds bytes that are not UTF-8", "UTF-8"),
        (b"lastname\n" + b"ok\n" * 5000 + b"\xff\n", "line 5002: this line holds bytes", "UTF-8"),
        (f"{HEADER}\n".encode("utf-16"), "line 1: the file is written in UTF-16", "CSV UTF-8"),
        (f"{HEADER}\n".encode("utf-16-le"), "line 1: the file is written in UTF-16", "CSV UTF-8"),
        (f"{HEADER}\n".encode("utf-32"), "line 1: the file is written in UTF-16 or UTF-32", "CSV UTF-8"),
        ("lastname\n" + "x\n" * 3000 + "a\0b\n", "line 3002: a cell holds a NUL character", "UTF-8"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, content: str | bytes, message: str, hint: str) -> None:
    """And what to do about it."""
    with pytest.raises(UserError) as caught:
        read(tmp_path, content)
    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_a_required_column_is_asked_for(tmp_path: Path) -> None:
    """A folder list without folders is some other file."""
    (tmp_path / "folders.csv").write_text("Description\nx\n")
    with pytest.raises(UserError, match="the column “Folder” is missing"):
        list(read_sheet(tmp_path / "folders.csv", FOLDERS))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing, or a folder."""
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UserError, match="can't be read"):
            list(read_sheet(path, CONTACTS))


@given(st.text(alphabet="'=+-@\t\ra1", max_size=6) | st.text())
def test_the_guard_comes_off_exactly_as_it_went_on(cell: str) -> None:
    """Any cell survives, and what a spreadsheet would run never stands first."""
    guarded = guard(cell)
    assert unguard(guarded) == cell
    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_phone_number_survives_with_and_without_our_guard() -> None:
    """Files of others have no guard, and lose nothing."""
    assert unguard(guard("+44 20 7946 0000")) == unguard("+44 20 7946 0000") == "+44 20 7946 0000"
    assert unguard("'quoted") == "'quoted"


@given(st.lists(st.text(alphabet="ab; ", min_size=1).map(str.strip).filter(bool)))
def test_names_in_one_cell_can_be_told_apart(names: list[str]) -> None:
    """Whatever semicolons the names hold."""
    assert split_names(join_names(names)) == names
