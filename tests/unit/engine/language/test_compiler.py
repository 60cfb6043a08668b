"""From text to Program: names, sections, several files, and what is refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

import crm.fields
import graph_client.fields
from engine import resources
from engine.errors import UserError
from engine.language.compiler import compile_files, compile_folder, compile_text
from engine.language.diagnostics import PLAIN, Part, RuleErrors, Style, render
from engine.records import CRM
from engine.schema import (
    Schemas,
)  # fmt: skip


def errors(text: str | bytes, known: Schemas) -> RuleErrors:
    with pytest.raises(RuleErrors) as caught:
        compile_text("f.rules", text, known)
    return caught.value


def codes(text: str, known: Schemas) -> list[str]:
    return [problem.code for problem in errors(text, known).problems]


def test_the_shipped_rules_compile() -> None:
    """The rules that come with Tandem fit the field tables that come with it."""
    known = {**crm.fields.SCHEMAS, **graph_client.fields.SCHEMAS}
    programs = compile_folder(resources.rules(), known)
    assert [program.name for program in programs] == ["activities", "contacts", "tasks"]


def test_entries_are_known_by_names(people: str, known: Schemas) -> None:
    """Ids are made of what entries say, and lead to file, line and text."""
    program = compile_text("people.rules", people, known)
    place = program.place("people/map/nick<->pseudonym")
    lines = people.split("\n")
    assert (place.file, place.text) == ("people.rules", "nick <-> pseudonym")
    assert lines[place.line - 1].split() == place.text.split()
    assert "people/scope/not wanted" in program.entries and "people/settings/winner" in program.entries


def test_ids_do_not_change_with_lines(people: str, known: Schemas) -> None:
    """Comments, blank lines and other entries above move an entry, and leave its id alone."""
    moved = people.replace("map\n", "map\n\n  # moved\n  tag <-> keyword\n").replace("\nscope", "\n\n# here\nscope")
    before, after = compile_text("f", people, known), compile_text("f", moved, known)
    assert set(after.entries) - set(before.entries) == {"people/map/tag<->keyword"}
    assert set(before.entries) <= set(after.entries)


def test_settings_say_what_people_can_choose(people: str, known: Schemas) -> None:
    """Kind, choices, default, who sets them and the help text reach the Program."""
    specs = {spec.name: spec for spec in compile_text("f", people, known).settings}
    direction, boxes, mine = specs["direction"], specs["boxes"], specs["mine_only"]
    assert (direction.kind, direction.default, direction.narrowest_wins) == ("choice", "both", True)
    assert direction.help == "Which way people travel." and direction.set_by == ("org", "user")
    assert (boxes.kind, boxes.target, repr(boxes.default)) == ("list", (CRM, "Box"), "everything")
    assert (mine.kind, mine.default, mine.choices) == ("flag", True, ())


def test_each_mistake_of_a_file_is_reported_in_one_run(people: str, known: Schemas) -> None:
    """Mistakes of all passes come together, sorted by place: text, names, types."""
    wrong = (
        people.replace("  nick     <->", "  nick     =>").replace("remarks  ", "remarqs  ")
        .replace("crm.wanted  ", "crm.wanned  ").replace("  born     <->  since", "  born     <->  share")
    )  # fmt: skip
    found = errors(wrong, known).problems
    assert [p.code for p in found] == ["T201", "T122", "T201", "T301"]
    assert [p.span.line for p in found] == sorted(p.span.line for p in found)


def test_a_broken_entry_is_not_reported_again_where_it_is_used(people: str, known: Schemas) -> None:
    """A define, setting, table or reason whose own entry is wrong makes no second message elsewhere."""
    for good, bad in (
        ("  mine     crm.owner is user", "  mine     crm.owner == user"),
        ("  mine     crm.owner is user", "  mine     crm.ownr is user"),
        ("  winner      crm | m365 ", "  winner      crm , m365 "),
        ("translate medal:", "translate medal"),
        ('  "gold"     <->  red', '  "gold"     <->  redd'),
        ('crm.wanted                      else "not wanted"', 'crm.wanted                      els "not wanted"'),
        ("scope\n  crm   needs user", "skope\n  crm   needs user"),
    ):
        assert people.count(good) == 1
        assert len(errors(people.replace(good, bad), known).problems) == 1, bad


def test_suggestions_have_a_cutoff(people: str, known: Schemas) -> None:
    """A near miss is suggested; for a name that is like nothing the possible ones are listed instead."""
    near = errors(people.replace("  nick     <->", "  nik      <->"), known).problems[0]
    far = errors(people.replace("  nick     <->", "  zzzzzz   <->"), known).problems[0]
    assert near.hint == "Did you mean “nick”?"
    assert "Did you mean" not in far.hint and "nick" in far.hint


def test_swapped_sides_are_named(people: str, known: Schemas) -> None:
    """A field of the other side is told apart from a misspelt one."""
    found = errors(people.replace("  nick     <->  pseudonym", "  pseudonym <->  nick"), known).problems
    assert [p.code for p in found] == ["T201", "T201"]
    assert "m365.person has one" in found[0].hint


def test_defines_that_double_end_in_a_message_not_in_a_hang(people: str, known: Schemas) -> None:
    """Defines that use each other twice grow without bound when put in; the limit stops them at once."""
    chain = "".join(f"  d{n}       d{n - 1} and d{n - 1}\n" for n in range(1, 19))
    text = people.replace("define\n", f"define\n  d0       crm.wanted\n{chain}")
    found = errors(text, known).problems
    assert [p.code for p in found] == ["T206"]


def test_defines_that_nest_deep_end_in_a_message(people: str, known: Schemas) -> None:
    """A long chain of defines is refused in whichever order it is written."""
    chain = [f"  d{n}       not d{n - 1}\n" for n in range(1, 900)]
    for lines in (chain, chain[::-1]):
        text = people.replace("define\n", f"define\n  d0       crm.wanted\n{''.join(lines)}")
        assert codes(text, known) == ["T206"]


# ---- files and folders --------------------------------------------------------------------------------------------


def test_a_folder_is_compiled_as_a_whole(tmp_path: Path, people: str, known: Schemas) -> None:
    """All problems of all files come in one run, by file name; files that are no rules are left alone."""
    (tmp_path / "b.rules").write_text(people.replace("pseudonym", "pseudonim"))
    (tmp_path / "a.rules").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "notes.txt").write_text("not for the compiler")
    with pytest.raises(RuleErrors) as caught:
        compile_folder(tmp_path, known)
    assert [(p.span.file, p.code) for p in caught.value.problems] == [("a.rules", "T102"), ("b.rules", "T201")]
    (tmp_path / "a.rules").unlink()
    (tmp_path / "b.rules").write_text(people)
    assert [program.name for program in compile_folder(tmp_path, known)] == ["people"]


def test_no_folder_and_no_files_say_what_to_do(tmp_path: Path, known: Schemas) -> None:
    """A missing folder, an empty one, and one whose rule file is a folder are messages with a hint."""
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "x.rules").mkdir()
    (tmp_path / "empty").mkdir()
    for name in ("missing", "empty", "odd"):
        with pytest.raises(UserError) as caught:
            compile_folder(tmp_path / name, known)
        assert name in str(caught.value) and caught.value.hint


def test_two_files_do_not_share_a_pair(people: str, known: Schemas) -> None:
    """The second file of one pair of kinds, or of one name, is refused, and the first is pointed at."""
    with pytest.raises(RuleErrors) as caught:
        compile_files({"a.rules": people, "b.rules": people}, known)
    (problem,) = caught.value.problems
    assert (problem.code, problem.span.file, problem.notes[0].span.file) == ("T502", "b.rules", "a.rules")


def test_the_language_number_is_looked_at_first(people: str, known: Schemas) -> None:
    """A file of another version gets one message about that, and none about what this version can't read."""
    assert codes(people.replace("language 1", "language 7").replace("map\n", "charts\n"), known) == ["T112"]


def test_the_digest_tells_programs_apart(people: str, known: Schemas) -> None:
    """The same text gives the same digest, another text another one."""
    one, two = compile_text("f", people, known), compile_text("f", people, known)
    other = compile_text("f", people.replace("2 months", "3 months"), known)
    assert one.digest == two.digest != other.digest


# ---- rendering ----------------------------------------------------------------------------------------------------


class Marked(Style):
    """Marks what it paints."""

    def paint(self, part: Part, text: str) -> str:
        return f"<{part}>{text}</>"


def test_colour_is_the_callers_business(people: str, known: Schemas) -> None:
    """A style paints each part; without paint the two renderings are the same text."""
    error = errors(people.replace("pseudonym", "pseudonim"), known)
    painted = error.render(Marked())
    assert "<code>T201</>" in painted and "<caret>^^^^^^^^^</>" in painted
    plain = painted
    for part in ("code", "place", "message", "gutter", "source", "caret", "hint"):
        plain = plain.replace(f"<{part}>", "")
    assert plain.replace("</>", "") == error.render(PLAIN) == str(error)


def test_what_is_shown_of_a_file_is_harmless(known: Schemas) -> None:
    """Control characters of a wrong file never reach a terminal, and long lines are cut around the guilty place."""
    error = errors("language 1\n" + " " * 5_000 + "\x1b[31mred\x07\n", known)
    assert "\x1b" not in str(error) and "\x07" not in str(error)
    assert max(len(line) for line in str(error).split("\n")) < 200
    assert render(error.problems[0], "").startswith("T104 f.rules:2:5001")
