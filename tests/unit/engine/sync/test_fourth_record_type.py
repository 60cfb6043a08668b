"""A record type that nobody foresaw: notes, from two field tables and one rule file, without a line of the engine."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from engine.context import Context
from engine.language.compiler import compile_text
from engine.links import Space
from engine.memory import MemoryState, MemorySystem
from engine.records import Record
from engine.schema import DATE, FLAG, LONG_TEXT, TEXT, USER, Field, Schema, choice, schemas
from engine.sync import pipeline

NOTE = Schema(
    "crm",
    "Note",
    (
        Field("headline", TEXT, max_length=80, matchable=True),
        Field("words", LONG_TEXT),
        Field("mood", choice("calm", "cross", "glad")),
        Field("written", DATE),
        Field("author", USER),
    ),
    title=("headline",),
)
PAGE = Schema(
    "m365",
    "page",
    (
        Field("caption", TEXT, max_length=80),
        Field("content", LONG_TEXT),
        Field("colour", choice("blue", "red")),
        Field("day", DATE),
        Field("draft", FLAG),
    ),
    title=("caption",),
)
RULES = """\
language 1

sync notes: crm.Note <-> m365.page
  "Notes in the CRM, pages in the notebook."

settings
  direction    both | to_m365 | to_crm | off    default both    set by org, user    narrowest wins
      "Which way notes travel."

direction
  follow setting.direction

scope
  crm   needs crm.author is user    else "not my note"
  m365  needs not m365.draft        else "draft"

leaving scope
  "not my note":   delete in m365
  "draft":         stop syncing

window
  crm.written   from 2 months before now to 1 year after now
  m365.day      from 2 months before now to 1 year after now
  outside:      leave alone
  undated:      sync

match on first sync
  by headline:   crm.headline is m365.caption    ignoring case
  if several:    report
  if taken:      report
  if none:       treat as created

translate tone: crm.Note.mood <-> m365.page.colour
  "calm"       <->  "blue"
  "cross"      <->  "red"
  any other     ->  "blue"

map
  headline   <->  caption
  words      <->  content
  mood       <->  colour     as tone
  written    <->  day
  author     <-   user       on create

first agreement
  one side empty:  fill it
  crm wins:        always

changes
  created in crm:    create in m365
  created in m365:   create in crm
  deleted in crm:    delete in m365
  deleted in m365:   recreate in m365

conflict per record
  newest wins:   always   tie crm
"""


class Notes:
    """One CRM, one notebook, one user."""

    def __init__(self) -> None:
        self.program = compile_text("notes.rules", RULES, schemas(NOTE, PAGE))
        self.crm = MemorySystem("crm", NOTE)
        self.m365 = MemorySystem("m365", PAGE, private=True)
        self.state = MemoryState()
        self.space = Space("org", "notebook", "anna", "Europe/London")
        self.now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
        self.runs = itertools.count(1)
        self.crm.keys = lambda kind, record: [
            key for entry in self.program.matches for key in entry.crm_keys(record, self.context())
        ]

    def context(self) -> Context:
        return Context(now=self.now, zone="Europe/London", user="anna", settings={"direction": "both"})

    def sync(self) -> pipeline.Report:
        tick = pipeline.Tick(
            program=self.program, space=self.space, context=self.context(), crm=self.crm, m365=self.m365,
            state=self.state, run=f"run-{next(self.runs)}", clock=lambda: int(self.now.timestamp() * 1000), limits={},
        )  # fmt: skip
        fence = self.state.hold("notebook", tick.run, tick.clock(), tick.clock() + 1)
        assert fence is not None
        report = pipeline.run(tick, fence)
        assert pipeline.plan(tick).empty
        self.now += timedelta(minutes=10)
        return report

    def notes(self) -> list[Record]:
        return self.crm.records("Note")

    def pages(self) -> list[Record]:
        return self.m365.records("page", "notebook")


def test_a_new_record_type_syncs_both_ways() -> None:
    """Creation on both sides, a translation table, an edit and both deletions."""
    notes = Notes()
    mine = notes.crm.add("Note", {"headline": "Roof", "mood": "glad", "written": "2026-11-20", "author": "anna"})
    notes.m365.add("page", {"caption": "Gutter", "colour": "red", "draft": False}, "notebook")
    notes.sync()
    assert {(p.values["caption"], p.values["colour"]) for p in notes.pages()} == {("Roof", "blue"), ("Gutter", "red")}
    assert {(n.values["headline"], n.values["mood"]) for n in notes.notes()} == {("Roof", "glad"), ("Gutter", "cross")}
    notes.crm.change("Note", mine.id, {"mood": "cross"})
    notes.sync()
    assert {p.values["colour"] for p in notes.pages()} == {"red"}
    notes.crm.remove("Note", mine.id)
    notes.sync()
    assert [p.values["caption"] for p in notes.pages()] == ["Gutter"]
    notes.m365.remove("page", notes.pages()[0].id, "notebook")
    notes.sync()
    assert [p.values["caption"] for p in notes.pages()] == ["Gutter"]


def test_what_drifts_out_of_the_window_is_left_alone_and_comes_back() -> None:
    """Time is a change: a note becomes due without anybody touching it, and grows old without being deleted."""
    notes = Notes()
    late = {"headline": "Later", "mood": "calm", "written": "2027-12-24", "author": "anna"}
    notes.crm.add("Note", late)
    notes.sync()
    assert notes.pages() == []
    notes.now += timedelta(days=40)
    notes.sync()
    [page] = notes.pages()
    notes.now += timedelta(days=700)
    notes.crm.change("Note", notes.notes()[0].id, {"words": "too old to travel"})
    notes.sync()
    assert [p.id for p in notes.pages()] == [page.id]
    assert notes.pages()[0].values["content"] is None


def test_conflict_per_record_takes_one_side_whole() -> None:
    """Both sides changed different fields: with ``conflict per record`` the winner's values count for all."""
    notes = Notes()
    note = notes.crm.add("Note", {"headline": "Roof", "words": "old", "written": "2026-11-20", "author": "anna"})
    notes.sync()
    [page] = notes.pages()
    notes.m365.change("page", page.id, {"caption": "Renamed"}, "notebook")
    notes.crm.change("Note", note.id, {"words": "newer"})
    notes.sync()
    assert [(p.values["caption"], p.values["content"]) for p in notes.pages()] == [("Roof", "newer")]
