"""Rule files have one layout; finding it changes white space and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crm.fields
import graph_client.fields
from engine import resources
from engine.language.compiler import compile_text
from engine.language.diagnostics import RuleErrors
from engine.language.layout import lay_out

KNOWN = {**crm.fields.SCHEMAS, **graph_client.fields.SCHEMAS}
SHIPPED = {path.name: path.read_text("utf-8") for path in sorted(resources.rules().glob("*.rules"))}
SMALL = {path.name: path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("*.rules"))}
ROUGH = """\
# who made this\r
language 1
    # about people
sync people:crm.Person<->m365.person #both ways
 "People of two systems."
settings
   winner crm|m365	default crm set   by org  ,user narrowest
	wins   # how
     "Who wins."


scope

 crm needs crm.wanted is not empty else
     "not wanted"
 m365 needs m365.level in["gold" ,"red  one"] else "x" when setting.winner is crm

 # all are asked for
 crm needs user may read crm else "no permission"
   # more of it
     "Help."   # behind help

 # gone: crm needs crm.tag else "y"

translate medal: crm.Person.rank <-> m365.person.colour
   "gold" <-> red # one
   any other -> blue #   two
   keep "silver" while blue
map
  nick<->pseudonym as phone   ,with tag on create
  tag -> keyword on create
  note <-> remarks always when crm.tag is "a#b"
# the end
"""
SMOOTH = """\
# who made this
language 1
  # about people

sync people: crm.Person <-> m365.person    #both ways
  "People of two systems."

settings
  winner    crm | m365    default crm    set by org, user    narrowest
      wins    # how
      "Who wins."

scope
  crm   needs crm.wanted is not empty               else
      "not wanted"
  m365  needs m365.level in ["gold", "red  one"]    else "x"    when setting.winner is crm

  # all are asked for
  crm   needs user may read crm    else "no permission"
      # more of it
      "Help."    # behind help

  # gone: crm needs crm.tag else "y"

translate medal: crm.Person.rank <-> m365.person.colour
  "gold"       <->  red     # one
  any other     ->  blue    #   two
  keep "silver"    while blue

map
  nick    <->  pseudonym    as phone, with tag   on create
  tag      ->  keyword                           on create
  note    <->  remarks      always               when crm.tag is "a#b"

# the end
"""


def laid_out(text: str) -> str:
    return lay_out("f.rules", text.encode("utf-8"))


def tokens(text: str) -> list[str]:
    """All words, signs, quoted texts and comments, without the white space between them."""
    found = re.findall(r'"[^"\n]*"|#[^\n]*|<->|->|<-|[\w.]+|[^\s\w]', text.lstrip("\ufeff").replace("\r", "\n"))
    return [token.replace("\t", " ").rstrip() if token.startswith("#") else token for token in found]


def unchanged(before: str, after: str) -> None:
    """The laws: the same words, and the layout of a layout is itself."""
    assert tokens(before) == tokens(after)
    assert laid_out(after) == after
    assert not re.search(r"[ \t\r]$|\n\n\n|\t|\r", after, re.MULTILINE) and after.endswith("\n")


@pytest.mark.parametrize("name", [*SHIPPED, *SMALL])
def test_our_own_files_are_in_the_one_layout(name: str) -> None:
    """The shipped files come out as they are."""
    text = {**SHIPPED, **SMALL}[name]
    assert laid_out(text) == text


def test_a_rough_file_is_made_smooth() -> None:
    """Columns, blank lines, indentation, comments and line ends of a file that nobody took care of."""
    smooth = laid_out(ROUGH)
    assert smooth == SMOOTH
    unchanged(ROUGH, smooth)


@st.composite
def spoilt(draw: st.DrawFn, text: str, section: str, most: int) -> str:
    """A text with other white space in up to ``most`` lines of a section, or of all where it is empty, outside of
    quoted texts and comments."""
    lines = text.split("\n")
    gaps = st.sampled_from([" ", "  ", "   ", "       ", "\t", " \t "])
    first = lines.index(section) if section else 0
    last = lines.index("", first) if section else len(lines)
    body = [number for number in range(first, last) if lines[number].strip()]
    for number in draw(st.lists(st.sampled_from(body), max_size=most, unique=True)):
        line = lines[number]
        margin = re.match(" *", line)
        assert margin is not None
        pieces = re.split(r'("[^"]*"|#.*$|, then| +)', line[margin.end() :])
        spaced = "".join(draw(gaps) if piece and not piece.strip() else piece for piece in pieces)
        lines[number] = margin.group() + spaced + draw(st.sampled_from(["", " ", "\t", "\r"]))
    return "\n".join(lines)


@pytest.mark.parametrize("name", SHIPPED)
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_one_line_out_of_place_is_put_back(name: str, data: st.DataObject) -> None:
    """White space spoilt in one line of a mapping: the file comes out as it was, and no other line has moved."""
    assert laid_out(data.draw(spoilt(SHIPPED[name], "map", 1))) == SHIPPED[name]


def meaning(text: str) -> object:
    """What the compiler makes of a file, without the lines where it stands."""
    program = compile_text("f.rules", text, KNOWN)
    return {entry: place.text for entry, place in program.entries.items()}, program.settings, program.reads


@pytest.mark.parametrize("name", SHIPPED)
@given(data=st.data())
@settings(max_examples=8, deadline=None)
def test_the_meaning_stays(name: str, data: st.DataObject) -> None:
    """White space spoilt everywhere, comments put in between: the same entries, words and comments as before."""
    rough = data.draw(spoilt(SHIPPED[name], "", 60))
    notes = st.sampled_from(["\n# at the margin\n", "\n  # of an entry\n", "\n\n\n", "   # behind\n", "\n \t \n"])
    for _ in range(data.draw(st.integers(0, 4))):
        end = data.draw(st.sampled_from([found.start() for found in re.finditer("\n", rough)]))
        if "#" not in rough[rough.rfind("\n", 0, end) + 1 : end]:
            rough = rough[:end] + data.draw(notes) + rough[end + 1 :]
    smooth = laid_out(rough)
    unchanged(rough, smooth)
    assert meaning(smooth) == meaning(SHIPPED[name])


ENTRIES = {
    "settings": ("a b | c default b set by org", "long_name time of day default 09:00 set by org , user narrowest wins",
                 "n list of crm.X default none set by user", "w duration default 2  days set by org"),
    "define": ("x user is crm.a", "longer crm.b in [1,2] when x , else not crm.c"),
    "scope": ('crm needs x else "a"', 'm365 needs m365.b is "b" else "longer" when x',
              f'crm needs {"crm.a or " * 9}x else "z"'),
    "leaving scope": ('"a": stop syncing', '"longer": sync a last time, then stop when x',
                      '"a": delete in m365 otherwise'),
    "window": ("crm.start from 2 months before now to now", "outside: leave alone"),
    "skip to crm": ('m365.a before now "old"', 'crm.a is "b" and x "c"'),
    "fetch": ("m365.details only when x", "m365.d only when crm changed since last sync"),
    "match on first sync": ("by a: crm.a is m365.a ignoring case", "by longer: x when x", "if taken: report"),
    "copies": ("same record: m365.uid", "read from: the copy where m365.mine, else the first synced",
               "other users: invitation, else own event"),
    "translate t: crm.X.a <-> m365.x.b": ('"A" <-> 0', "any other -> 50", '1 <- any other',
                                              'keep "A" unless 0,100', "keep b while c"),
    "map": ("a <-> b", "a[1].b -> m365.c as d,with e keep others", "a <- user as c,else user on create when x",
            "a <- 1 always when x", 'a <-> b sticky "x"', "s.t -> b at s.u on first sync"),
    "series": ("what is: done", "something longer: done"),
    "changes": ("created in crm: create in m365", "deleted in m365: stop syncing otherwise", "a: b when x"),
    "conflict per field": ("crm wins: always", "m365 wins: when x tie crm", "newest wins: otherwise"),
}  # fmt: skip


@st.composite
def files(draw: st.DrawFn) -> str:
    """Rule files that parse, of entries of every form, with blanks where the language takes any."""
    gaps = st.sampled_from([" ", "   "])
    lines = ["language 1", "sync x:crm.X<->m365.x"]
    for heading in draw(st.lists(st.sampled_from(list(ENTRIES)), unique=True, min_size=1)):
        lines.append(heading)
        indent = " " * draw(st.integers(1, 5))
        for entry in draw(st.lists(st.sampled_from(ENTRIES[heading]), min_size=1, max_size=5)):
            break_at = draw(st.sampled_from(["", " when ", " else ", " as ", " wins", " others", " is "]))
            if break_at and re.match("[a-z]", entry):
                entry = entry.replace(break_at, f"\n{indent} {break_at}", 1)
            lines.append(indent + re.sub(" (?!then)(?=[a-z])", lambda _: draw(gaps), entry))
            lines += draw(st.sampled_from([[], [], [""], [f"{indent}# note"], ["# margin"], [f'{indent}  "Help."']]))
    return draw(st.sampled_from(["\n", "\r\n", "\r"])).join(lines)


@given(files())
@settings(max_examples=60, deadline=None)
def test_files_of_any_entries(text: str) -> None:
    """Each form of entry, broken over lines or not, in any company."""
    unchanged(text, laid_out(text))


@pytest.mark.parametrize("name", SHIPPED)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_files_that_were_cut_about(name: str, data: st.DataObject) -> None:
    """Pieces deleted and repeated at random: laid out, or refused with problems that have a place."""
    text = SHIPPED[name]
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 60)))
        text = text[:start] + data.draw(st.sampled_from(["", text[start:end] * 2, "\n", '"', "#", "\t"])) + text[end:]
    try:
        smooth = laid_out(text)
    except RuleErrors as refused:
        assert all(problem.code.startswith("T1") for problem in refused.problems)
    else:
        unchanged(text, smooth)


def test_other_mistakes_are_no_hindrance(golden: Path) -> None:
    """Wrong files that parse, whatever is wrong with their names, types or sections, are laid out by the same laws."""
    count = 0
    for path in sorted(golden.glob("*.rules")):
        text = path.read_bytes().decode("utf-8", "replace")
        try:
            smooth = laid_out(text)
        except RuleErrors:
            continue
        count += 1
        unchanged(text, smooth)
    assert count > 60


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"language 1\n\xff", "T102"), (b"", "T111"), (b'language 1\nmap\n  a <-> "b\t"\n', "T103"),
     (b"language 1\nsync x: crm.X <-> m365.x\nmap\n  a <-> b as\n", "T121"), (b"x" * (1 << 20) + b"y", "T101")],
)  # fmt: skip
def test_what_cannot_be_parsed_is_refused(data: bytes, code: str) -> None:
    """A slip, bytes that are no text, a file that is too long: the message that checking gives."""
    with pytest.raises(RuleErrors) as refused:
        lay_out("f.rules", data)
    with pytest.raises(RuleErrors) as checked:
        compile_text("f.rules", data, KNOWN)
    assert code in {problem.code for problem in refused.value.problems}
    assert {problem.code for problem in refused.value.problems} <= {problem.code for problem in checked.value.problems}
