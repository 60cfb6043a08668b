"""Two invented systems, tickets and cards, with rules between them: what the compiler does, without contacts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from engine.context import Context, SettingValue
from engine.language.compiler import compile_text
from engine.language.program import Program
from engine.records import Record, Value
from engine.schema import (
    DATE,
    EMAIL,
    FLAG,
    INSTANT,
    INTEGER,
    LONG_TEXT,
    PHONE,
    TEXT,
    USER,
    Field,
    Schema,
    choice,
    integer_up_to,
    list_of,
    reference_to,
    schemas,
    structure,
)

TICKET = Schema(
    "crm",
    "Ticket",
    (
        Field("number", TEXT, writable=False),
        Field("subject", TEXT, max_length=80, matchable=True),
        Field("reporter", EMAIL, matchable=True),
        Field("phone", PHONE),
        Field("status", choice("Not Started", "In Progress", "On Hold", "Done", "Cancelled")),
        Field("colour", choice("red", "green")),
        Field("private", FLAG),
        Field("due", DATE, matchable=True),
        Field("starts", INSTANT),
        Field("owner", USER),
        Field("helpers", list_of(USER)),
        Field("notes", LONG_TEXT),
        Field("points", INTEGER),
        Field("shelf", reference_to("Shelf"), matchable=True),
        Field("shelves", list_of(reference_to("Shelf"))),
        Field("place", structure(room=TEXT, floor=TEXT)),
    ),
    title=("subject",),
)
SHELF = Schema("crm", "Shelf", (Field("name", TEXT),), title=("name",))
CARD = Schema(
    "m365",
    "card",
    (
        Field("id", TEXT, writable=False),
        Field("title", TEXT, max_length=40),
        Field("mails", list_of(structure(address=EMAIL, name=TEXT), 3)),
        Field("phones", list_of(PHONE, 2)),
        Field("percent", integer_up_to(100)),
        Field("colour", choice("red", "green")),
        Field("shade", choice("red", "green", "blue")),
        Field("sensitivity", choice("normal", "personal", "private", "confidential")),
        Field("hidden", FLAG),
        Field("dueOn", DATE),
        Field("startsAt", INSTANT),
        Field("owner", USER),
        Field("assignees", list_of(USER)),
        Field("text", LONG_TEXT),
        Field("points", INTEGER),
        Field("board", reference_to("board"), container=True),
        Field("shelfName", TEXT, max_length=20),
    ),
    title=("title",),
    dated=False,
)
BOARD = Schema("m365", "board", (Field("name", TEXT),), title=("name",))
SCHEMAS = schemas(TICKET, SHELF, CARD, BOARD)

RULES = """language 1

sync tickets: crm.Ticket <-> m365.card

settings
  direction  both | to_m365 | to_crm | off    default both       set by org, user   narrowest wins
  mine       yes | no                         default yes        set by user
  boards     list of m365.board               default everything set by user
  winner     crm | m365                       default crm        set by org

define
  helping    user is crm.owner or user in crm.helpers
  over       crm.due before today
  private    not crm.private when over, else crm.private

direction
  follow setting.direction

scope
  crm   needs user may read crm                    else "no permission"
  crm   needs helping                              else "not mine"       when setting.mine
  crm   needs crm.status in ["In Progress", "On Hold", "Done", "Not Started"]   else "cancelled"
  m365  needs m365.board in setting.boards         else "board not chosen"

leaving scope
  "no permission":      stop syncing
  "not mine":           delete in m365    when over
  "not mine":           stop syncing      otherwise
  "cancelled":          delete in m365
  "board not chosen":   sync a last time, then stop

window
  crm.starts      from 2 months before now to 1 year after now
  m365.dueOn      from 2 weeks before today to 10 days after today
  outside:        leave alone
  undated:        leave alone

match on first sync
  by mail:      crm.reporter in m365.mails.address and not m365.hidden    ignoring case
  by title:     crm.subject is m365.title and crm.due is m365.dueOn
  if several:   report
  if taken:     report
  if none:      treat as created

translate progress: crm.Ticket.status <-> m365.card.percent
  "Not Started"    <->  0
  "Done"           <->  100
  "Cancelled"       ->  100
  any other         ->  50
  "In Progress"    <-   any other
  keep "On Hold"      unless 0, 100
  keep "Cancelled"    while 100

translate privacy: crm.Ticket.private <-> m365.card.sensitivity
  yes   <->  private
  no    <->  normal
  yes   <-   confidential
  yes   <-   personal
  keep confidential  while yes
  keep personal      while yes

map
  subject      <->  title
  status       <->  percent              as progress
  private      <->  sensitivity          as privacy
  colour       <->  colour
  colour        ->  shade
  reporter     <->  mails[1].address
  phone        <->  phones[1]            as phone
  due          <->  dueOn
  starts       <->  startsAt             when not over
  notes        <->  text                 on first sync
  points       <->  points
  shelf        <->  shelfName            as company_by_name
  owner        <-   user                 on create
  "Ticket"      ->  phones[2]            on create
  due          <-   today                on create    when m365.dueOn is empty

first agreement
  one side empty:  fill it
  crm wins:        always

changes
  created in crm:   create in m365
  created in m365:  create in crm      when user in m365.assignees
  created in m365:  leave alone        otherwise
  deleted in crm:   delete in m365
  deleted in m365:  stop syncing

conflict per record
  crm wins:    when setting.winner is crm
  m365 wins:   otherwise
"""

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)


def compiled(text: str = RULES) -> Program:
    return compile_text("tickets.rules", text, SCHEMAS)


def context(now: datetime = NOW, zone: str = "Europe/London", user: str = "u1", **settings: SettingValue) -> Context:
    defaults: Mapping[str, SettingValue] = {spec.name: spec.default for spec in compiled_once().settings}
    return Context(now, zone, user, {**defaults, **settings})


def ticket(**values: Value) -> Record:
    """A ticket with every field fetched and empty but for these."""
    whole: dict[str, Value] = dict.fromkeys((field.name for field in TICKET.fields), None)
    return Record("crm", "Ticket", "t1", "1", {**whole, **values})


def card(**values: Value) -> Record:
    """A card with every field fetched and empty but for these."""
    whole: dict[str, Value] = dict.fromkeys((field.name for field in CARD.fields), None)
    return Record("m365", "card", "c1", "1", {**whole, **values})


_ONCE: list[Program] = []


def compiled_once() -> Program:
    if not _ONCE:
        _ONCE.append(compiled())
    return _ONCE[0]
