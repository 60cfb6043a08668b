"""Entries become trees; a slip spoils its own entry only."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.language import tree as t
from engine.language.diagnostics import Problem, Problems
from engine.language.source import cut
from engine.language.syntax import parse


def parsed(text: str) -> tuple[t.RuleFile | None, list[Problem]]:
    problems = Problems()
    return parse(cut("f.rules", text, problems), problems), list(problems)


def entry(section: str, text: str) -> t.Entry:
    """The tree of one entry."""
    file, problems = parsed(f"language 1\nsync x: crm.X <-> m365.x\n{section}\n  {text}\n")
    assert problems == [] and file is not None
    return file.sections[0].entries[0].entry


def test_no_entry_of_a_file_is_passed_over() -> None:
    """Of the rules of activities, which use every section, each entry becomes a node of the tree."""
    text = (Path(__file__).parents[4] / "rules" / "activities.rules").read_text()
    file, problems = parsed(text)
    assert problems == [] and file is not None and file.whole
    problems_of_cutting = Problems()
    written = sum(len(s.entries) for s in cut("f.rules", text, problems_of_cutting).sections)
    assert sum(len(section.entries) for section in file.sections) == written > 50


def test_a_map_line_with_everything() -> None:
    """Ends, arrow, modifiers with their arguments, and the guard."""
    found = entry("map", 'a.b ->  c[2].d  as x, at setting.t, with e, sticky "v", keep others, on create  when crm.f')
    assert isinstance(found, t.MapEntry)
    assert (found.left.text, found.arrow, found.right.text) == ("a.b", "->", "c[2].d")  # type: ignore[union-attr]
    assert [m.word for m in found.modifiers] == ["as", "at", "with", "sticky", "keep others", "on create"]
    assert isinstance(found.guard, t.Truth)


def test_a_condition_with_everything() -> None:
    """Each kind of test, negated or not, joined by one word."""
    text = (
        'crm needs crm.a is "x" and crm.b is not empty and not crm.c and crm.d in ["x", 3, y] and crm.e in m365.f '
        "and crm.g before 2 weeks before now and crm.h from today to m365.i and crm.j falls on m365.k "
        'and crm.l shares any with m365.m and user may read crm and crm changed since last sync else "r"'
    )
    found = entry("scope", text)
    assert isinstance(found, t.ScopeEntry) and isinstance(found.needs, t.AllOf)
    assert [type(item).__name__ for item in found.needs.items] == [
        "Is", "Not", "Not", "In", "In", "Compare", "Between", "FallsOn", "SharesAny", "MayRead", "Changed",
    ]  # fmt: skip
    assert found.needs.items[5].moment.offset.amount == 2  # type: ignore[union-attr]


def test_words_that_begin_like_keywords_are_names() -> None:
    """A field may be called user_name or ordered, and a setting crm_folders."""
    found = entry("scope", 'crm needs user_name is ordered or crm.notes is setting.crm_folders else "r"')
    assert isinstance(found, t.ScopeEntry) and isinstance(found.needs, t.AnyOf)
    first = found.needs.items[0]
    assert isinstance(first, t.Is) and first.left == t.Word("user_name", first.left.span)


def test_places_are_those_of_the_file() -> None:
    """Spans name the line and the columns, also on continuation lines."""
    text = "language 1\nsync x: crm.X <-> m365.x\nmap\n  a <-> b\n      as lens\n      when crm.flag\n"
    file, _ = parsed(text)
    assert file is not None
    found = file.sections[0].entries[0].entry
    assert isinstance(found, t.MapEntry) and isinstance(found.guard, t.Truth)
    lines = text.split("\n")
    for span, shown in (
        (found.arrow_span, "<->"),
        (found.modifiers[0].span, "as lens"),
        (found.guard.span, "crm.flag"),
    ):
        assert lines[span.line - 1][span.column - 1 : span.end_column - 1] == shown


SLIPS = {
    "  a => b": ("T122", "=>", "Write ->."),
    "  a → b": ("T122", "→", "Write ->."),
    "  a <= b": ("T122", "<=", "Write <-."),
    "  a <–> b": ("T122", "<–>", "Write <->."),
    "  a ↔ b": ("T122", "↔", "Write <->."),
    "  a = b": ("T122", "=", "Write <-> (both ways), -> (to Microsoft 365) or <- (to the CRM)."),
    "  a --> b": ("T122", "-->", "Write ->."),
    "  a < - > b": ("T122", "< - >", "Write <->."),
    "  a b": ("T120", "b", ""),
    "  a <->": ("T121", "", ""),
    "  a <-> b on frist sync": ("T120", "on", "Did you mean “on first sync”?"),
    "  a <-> b wehn crm.x": ("T120", "wehn", "Did you mean “when”?"),
    "  a <-> b when crm.x is": ("T121", "", ""),
    "  a <-> b when crm.x != 3": ("T125", "!=", "Write “is not” in its place."),
    "  a <-> b when crm.x && crm.y": ("T125", "&&", "Write “and” in its place."),
    "  a <-> b when crm.x and crm.y or crm.z": ("T123", "or", ""),
    "  a <-> b when (crm.x)": ("T124", "(", ""),
    "  a <-> b when crm.x is ‘y’": ("T126", "‘", ""),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_one_message_with_its_place_and_what_to_write(slip: str) -> None:
    """Wrong arrows, missing and misspelt words, signs and quotes: each has its code, its place and a hint."""
    code, guilty, hint = SLIPS[slip]
    _, problems = parsed(f"language 1\nsync x: crm.X <-> m365.x\nmap\n  c <-> d\n{slip}\n  e <-> f\n")
    assert [(p.code, p.span.line) for p in problems] == [(code, 5)]
    (problem,) = problems
    if guilty:
        assert slip[problem.span.column - 1 :].startswith(guilty)
    assert problem.hint and hint in problem.hint


def test_slips_do_not_hide_each_other() -> None:
    """All slips of a file are reported in one run, one message each, and what is sound between them is kept."""
    lines = [line for slip in SLIPS for line in (slip, "  c <-> d")]
    file, problems = parsed("\n".join(["language 1", "sync x: crm.X <-> m365.x", "map", *lines]) + "\n")
    assert [p.code for p in problems] == [code for code, _, _ in SLIPS.values()]
    assert file is not None and not file.whole
    assert len(file.sections[0].entries) == len(SLIPS)


def test_no_terminal_name_reaches_a_person() -> None:
    """Messages speak of arrows, texts in quotes and words, never of the grammar's terminals."""
    lines = list(SLIPS)
    _, problems = parsed("\n".join(["language 1", "sync x: crm.X <-> m365.x", "map", *lines]) + "\n")
    said = " ".join(f"{p.message} {p.hint}" for p in problems).split()
    shouted = [word for word in said if word.strip("“”.,:()").isupper() and len(word.strip("“”.,:()")) > 3]
    assert shouted == []
