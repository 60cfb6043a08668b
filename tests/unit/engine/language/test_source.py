"""Text is cut into sections and entries; places stay true."""

from __future__ import annotations

import pytest

from engine.language.diagnostics import Problems
from engine.language.source import Comment, RawEntry, Source, cut, decode

TEXT = """\
language 1

# what follows is about people
sync people: crm.Person <-> m365.person   # both ways
  "People of two systems."

map
  # first the name
  nick <-> pseudonym   # "quoted" in a comment
      "What friends say."

      "Two lines of help."
  tag  ->  keyword
      as x   # how

      when crm.tag is "# no comment"
# the end
"""


def scanned(text: str) -> Source:
    problems = Problems()
    found = cut("f.rules", text, problems)
    assert list(problems) == []
    return found


def entries(source: Source) -> list[RawEntry]:
    return [entry for section in source.sections for entry in section.entries]


def test_sections_start_at_the_margin_and_entries_are_indented() -> None:
    """Headings and entries are found, comments and help apart from what is parsed."""
    source = scanned(TEXT)
    assert [section.heading.flat() for section in source.sections] == [
        "language 1", "sync people: crm.Person <-> m365.person", "map",
    ]  # fmt: skip
    assert [entry.flat() for entry in entries(source)] == [
        "nick <-> pseudonym", 'tag -> keyword as x when crm.tag is "# no comment"',
    ]  # fmt: skip


def test_help_belongs_to_what_stands_above_it() -> None:
    """Lines that are only a text in quotes become help of the heading or entry above."""
    source = scanned(TEXT)
    assert source.sections[1].heading.help == "People of two systems."
    assert [entry.help for entry in entries(source)] == ["What friends say.\nTwo lines of help.", ""]


def test_comments_stay_with_their_entry() -> None:
    """Comments above, behind and inside an entry are kept with their places; those after the last one too."""
    source = scanned(TEXT)
    first, second = entries(source)
    assert first.comments == (Comment(8, 3, "# first the name"), Comment(9, 24, '# "quoted" in a comment'))
    assert second.comments == (Comment(14, 14, "# how"),)
    assert source.sections[1].heading.comments[0] == Comment(3, 1, "# what follows is about people")
    assert source.comments == (Comment(17, 1, "# the end"),)


def test_continuations_keep_their_lines_and_columns() -> None:
    """The text of an entry has the words where the file has them, so that messages point at the right place."""
    second = entries(scanned(TEXT))[1]
    lines = TEXT.split("\n")
    for offset, line in enumerate(second.text.split("\n")):
        assert lines[second.line - 1 + offset].startswith(line)
    assert (second.span.line, second.span.column) == (13, 3)


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_line_ends_of_both_kinds_are_read(ending: str) -> None:
    """A file saved on Windows cuts into the same pieces."""
    source = scanned(TEXT.replace("\n", ending))
    assert source.sections == scanned(TEXT).sections


def test_a_byte_order_mark_is_no_text() -> None:
    """The mark that some editors put in front of UTF-8 is passed over."""
    problems = Problems()
    assert decode("f.rules", b"\xef\xbb\xbflanguage 1\n", problems) == "language 1\n" and not problems


def test_a_text_that_a_line_waits_for_is_no_help() -> None:
    """After else on the line above, a line with only a text in quotes is the reason."""
    source = scanned('language 1\nscope\n  crm needs crm.wanted else\n      "not wanted"\n')
    assert entries(source)[0].flat() == 'crm needs crm.wanted else "not wanted"'


@pytest.mark.parametrize(
    ("data", "code", "line", "column"),
    [
        (b"language 1\nmap\n  caf\xc3\xa9 \xff\n", "T102", 3, 8),
        (b"language 1\nmap\n  a\tb\n\n \tb\n", "T103", 3, 4),
        (b"language 1\nmap\n  a\x00b\n", "T104", 3, 4),
        ("language 1\nmap\n  a\u202eb\n".encode(), "T104", 3, 4),
        (b"language 1\rmap\n", "T104", 1, 11),
    ],
)
def test_what_is_no_plain_text_is_refused_at_its_place(data: bytes, code: str, line: int, column: int) -> None:
    """Broken encoding, tabs and characters nobody can see: one problem at the first of them."""
    problems = Problems()
    cut("f.rules", decode("f.rules", data, problems), problems)
    assert [(p.code, p.span.line, p.span.column) for p in problems] == [(code, line, column)]
