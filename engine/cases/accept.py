"""What came of cases stored as what is expected of them: only ``expect`` entries change, comments and layout stay."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from engine.cases.expecting import key, lines, meets, side_of
from engine.cases.model import WRITES, Case, CaseFile, Told
from engine.cases.run import Ran
from engine.language import source
from engine.language.diagnostics import Problems
from engine.language.program import Program
from engine.language.source import RawEntry

_DEEPER: Final = 4
_WIDEST: Final = 72
"""Columns within which the entries of an expectation stand in one column."""


def accepted(file: CaseFile, ran: Sequence[Ran], program: Program) -> str:
    """The file's text with what came of these cases."""
    newline = "\r\n" if "\r\n" in file.text else "\n"
    text = file.text.split(newline)
    sections = {one.heading.line: one.entries for one in source.cut(file.file, file.text, Problems()).sections}
    for one in sorted(ran, key=lambda ran: -ran.case.span.line):
        entries = [raw for raw in sections[one.case.span.line] if raw.text.split()[:1] == ["expect"]]
        _replace(text, entries, one.case, one.told, program)
    return newline.join(text)


def _replace(text: list[str], entries: Sequence[RawEntry], case: Case, told: Sequence[Told], program: Program) -> None:
    """Put the new entries in the place of those that do not hold any more."""
    left = list(told)
    stale: list[RawEntry] = []
    for raw, expectation in zip(entries, case.expected, strict=True):
        found = next((one for one in left if expectation.told is not None and meets(expectation.told, one)), None)
        if found is None:
            stale.append(raw)
        else:
            left.remove(found)
    place = stale[0] if stale else entries[-1]
    indent = " " * (place.span.column - 1)
    fresh = [line for one in left for line in written(one, program, case.setup.zone, indent)]
    insert_at = place.line - 1 if stale else _end(place)
    for raw in reversed(stale):
        kept = [indent + comment.text for comment in raw.comments if raw.line <= comment.line <= _end(raw)]
        text[raw.line - 1 : _end(raw)] = kept
        if raw is place:
            insert_at += len(kept)
    text[insert_at:insert_at] = fresh


def _end(raw: RawEntry) -> int:
    """The number of the entry's last line."""
    return raw.line + raw.text.rstrip().count("\n")


def written(told: Told, program: Program, zone: str, indent: str) -> list[str]:
    """One thing that comes of a case as an ``expect`` entry."""
    found = lines(told, program, zone)
    said = [(f"{indent}expect   {found[0][0]}", found[0][1])]
    said += [(f"{indent}{' ' * _DEEPER}{line}", entry) for line, entry in found[1:]]
    width = max((len(line) for line, entry in said if entry and len(line) <= _WIDEST), default=0)
    return [f"{line:<{width}}   by {entry}" if entry else line for line, entry in said]


def difference(ran: Ran, program: Program) -> list[tuple[str, str, str]]:
    """Lines that tell what was expected and what came: sign (space, - or +), text, entry."""
    zone, got = ran.case.setup.zone, list(ran.extra)
    found: list[tuple[str, str, str]] = []
    for one in ran.missing:
        other = next((other for other in got if key(other) == key(one)), None)
        other = other or next((other for other in got if _alike(other) == _alike(one)), None)
        if other is None:
            found += [("-", line, entry) for line, entry in _indented(one, program, zone)]
        else:
            got.remove(other)
            found += _between(_indented(one, program, zone), _indented(other, program, zone), bool(one.fields))
    for other in got:
        found += [("+", line, entry) for line, entry in _indented(other, program, zone)]
    return _shortened(found)


def _alike(told: Told) -> tuple[str, str]:
    """Writes to one side are compared with each other, and states with states."""
    return side_of(told.what) if told.what in WRITES else "state", told.who


def _shortened(lines: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Fields that are as expected, counted."""
    found: list[tuple[str, str, str]] = []
    for same, group in groupby(lines, lambda line: line[0] == " " and line[1].startswith(" ")):
        listed = list(group)
        found += [(" ", f"    … {len(listed)} as expected", "")] if same and len(listed) > 2 else listed
    return found


def _indented(told: Told, program: Program, zone: str) -> list[tuple[str, str]]:
    head, *fields = lines(told, program, zone)
    return [head, *((f"    {line}", entry) for line, entry in fields)]


def _between(
    expected: Sequence[tuple[str, str]], told: Sequence[tuple[str, str]], whole: bool
) -> list[tuple[str, str, str]]:
    """Line by line, by field; of an expectation that names no fields only the head is compared."""
    there = {_first(line): (line, entry) for line, entry in told}
    found: list[tuple[str, str, str]] = []
    for line, entry in expected:
        other = there.pop(_first(line), None)
        if other is not None and _same((line, entry), other):
            found.append((" ", *other))
        else:
            found.append(("-", line, entry))
            found += [("+", *other)] if other is not None else []
    return found + [("+", *other) for other in there.values() if whole]


def _first(line: str) -> str:
    return line.split()[0] if line.startswith(" ") else ""


def _same(expected: tuple[str, str], told: tuple[str, str]) -> bool:
    """Whether lines say the same where an expectation may leave out the entry and what was there before."""
    words, others = expected[0].split(), told[0].split()
    said = words == others or (len(words) > 1 and "->" not in words and "->" in others and words[0] == others[0]
                               and words[1:] == others[others.index("->") + 1 :])  # fmt: skip
    return said and expected[1] in ("", told[1])
