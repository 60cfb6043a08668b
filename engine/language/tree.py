"""The syntax of one rule file as frozen values: what was written, names unresolved, each node with its place.

Only the front half (syntax, names) reads these; every later pass works on the resolved form in ``checked.py``.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from engine.language.diagnostics import Span
from engine.records import Side

Arrow: TypeAlias = Literal["<->", "->", "<-"]
Unit: TypeAlias = Literal["minute", "hour", "day", "week", "month", "year"]
BeforeAfter: TypeAlias = Literal["before", "after"]
StateWord: TypeAlias = Literal["empty", "fetched", "connected"]
ModifierWord: TypeAlias = Literal[
    "as", "at", "with", "sticky", "keep others", "always", "else", "on create", "on first sync"
]
Setter: TypeAlias = Literal["org", "user"]


# ---- terms ----------------------------------------------------------------------------------------------------


class Word(Struct, frozen=True):
    """A bare word: a define, a choice, ``yes``, ``crm`` … names.py decides which."""

    text: str
    span: Span


class Path(Struct, frozen=True):
    """A dotted or slotted name: ``crm.email``, ``setting.conflict``, ``homePhones[1]``."""

    text: str
    span: Span


class Text(Struct, frozen=True):
    """Quoted text, without its quotes."""

    value: str
    span: Span


class Number(Struct, frozen=True):
    """A whole number."""

    value: int
    span: Span


Term: TypeAlias = Word | Path | Text | Number
Constant: TypeAlias = Word | Text | Number


class Duration(Struct, frozen=True):
    """``2 months``."""

    amount: int
    unit: Unit
    span: Span


class Moment(Struct, frozen=True):
    """``2 months before now``: an anchor (now, today or a path), moved by a duration."""

    anchor: Word | Path
    span: Span
    offset: Duration | None = None
    sense: BeforeAfter | None = None


# ---- conditions -----------------------------------------------------------------------------------------------


class AnyOf(Struct, frozen=True):
    items: tuple[Expr, ...]
    span: Span


class AllOf(Struct, frozen=True):
    items: tuple[Expr, ...]
    span: Span


class Not(Struct, frozen=True):
    item: Expr
    span: Span


class Truth(Struct, frozen=True):
    """A term that stands alone as a condition: a flag, or a define."""

    term: Term
    span: Span


class Is(Struct, frozen=True):
    left: Term
    right: Term
    span: Span


class IsState(Struct, frozen=True):
    left: Term
    state: StateWord
    span: Span


class In(Struct, frozen=True):
    """``right`` is a term (a list field or setting) or the constants of a written list."""

    left: Term
    right: Term | tuple[Constant, ...]
    span: Span


class Compare(Struct, frozen=True):
    """``left before|after moment``."""

    left: Term
    sense: BeforeAfter
    moment: Moment
    span: Span


class Between(Struct, frozen=True):
    left: Term
    start: Moment
    end: Moment
    span: Span


class FallsOn(Struct, frozen=True):
    left: Term
    right: Term
    span: Span


class SharesAny(Struct, frozen=True):
    left: Term
    right: Term
    span: Span


class MayRead(Struct, frozen=True):
    side: Side
    span: Span


class Changed(Struct, frozen=True):
    """``crm changed since last sync``."""

    side: Side
    span: Span


Expr: TypeAlias = (
    AnyOf | AllOf | Not | Truth | Is | IsState | In | Compare | Between | FallsOn | SharesAny | MayRead | Changed
)


# ---- what many entries end with -------------------------------------------------------------------------------


class Otherwise(Struct, frozen=True):
    """``otherwise`` or ``always`` in place of a ``when``."""

    word: Literal["otherwise", "always"]
    span: Span


Guard: TypeAlias = Expr | Otherwise | None


class Phrase(Struct, frozen=True):
    """Words from a closed list (``stop syncing``), checked after parsing so that a slip gets a suggestion."""

    text: str
    span: Span


# ---- headings -------------------------------------------------------------------------------------------------


class SyncHeading(Struct, frozen=True):
    name: Word
    left: Path
    right: Path
    span: Span
    help: str = ""


class TranslateHeading(Struct, frozen=True):
    name: Word
    left: Path
    right: Path
    span: Span
    help: str = ""


# ---- entries --------------------------------------------------------------------------------------------------


class ChoicesType(Struct, frozen=True):
    words: tuple[Word, ...]


class ListType(Struct, frozen=True):
    of: Path


class OneType(Struct, frozen=True):
    """One record of a kind: ``crm.TaskList``."""

    of: Path


class PlainType(Struct, frozen=True):
    name: Literal["time of day", "duration"]


SettingType: TypeAlias = ChoicesType | ListType | OneType | PlainType


class Clock(Struct, frozen=True):
    """``09:00``."""

    text: str
    span: Span


class SettingEntry(Struct, frozen=True):
    name: Word
    type: SettingType
    default: Word | Text | Number | Duration | Clock
    set_by: tuple[Word, ...]
    narrowest_wins: bool
    span: Span
    help: str = ""


class DefineEntry(Struct, frozen=True):
    """``name A`` or ``name A when B, else C``."""

    name: Word
    body: Expr
    span: Span
    condition: Expr | None = None
    otherwise: Expr | None = None


class DirectionEntry(Struct, frozen=True):
    follow: Path
    span: Span


class ScopeEntry(Struct, frozen=True):
    side: Side
    needs: Expr
    reason: Text
    guard: Guard
    span: Span


class LeavingEntry(Struct, frozen=True):
    reason: Text
    policy: Phrase
    guard: Guard
    span: Span


class WindowEntry(Struct, frozen=True):
    field: Path
    start: Moment
    end: Moment
    span: Span


class PhraseEntry(Struct, frozen=True):
    """``head: words``, with alternatives where the section has them (``other users: invitation, else own event``)."""

    head: Phrase
    body: tuple[Phrase, ...]
    guard: Guard
    span: Span
    help: str = ""


class SkipEntry(Struct, frozen=True):
    condition: Expr
    reason: Text
    span: Span


class FetchEntry(Struct, frozen=True):
    part: Path
    condition: Expr
    span: Span


class MatchEntry(Struct, frozen=True):
    name: Word
    condition: Expr
    ignoring_case: bool
    guard: Guard
    span: Span


class CopiesEntry(Struct, frozen=True):
    """``same record: path``, ``organiser: path``, ``read from: the copy where …``, ``write to: …``. ``first_synced``
    is where the words “the first synced” stand, if they do."""

    head: Phrase
    target: Path | Expr
    span: Span
    first_synced: Span | None = None


class AnyOther(Struct, frozen=True):
    span: Span


Cell: TypeAlias = Word | Text | Number | AnyOther


class RowEntry(Struct, frozen=True):
    left: Cell
    arrow: Arrow
    right: Cell
    span: Span
    arrow_span: Span


class KeepEntry(Struct, frozen=True):
    value: Constant
    sense: Literal["while", "unless"]
    others: tuple[Constant, ...]
    span: Span


class Modifier(Struct, frozen=True):
    """One thing after the two ends of a map line: ``as x``, ``at x``, ``with x``, ``sticky x``, ``keep others``,
    ``always``, ``else user``, ``on create``, ``on first sync``."""

    word: ModifierWord
    span: Span
    argument: Term | None = None


class MapEntry(Struct, frozen=True):
    left: Term
    arrow: Arrow
    right: Term
    arrow_span: Span
    modifiers: tuple[Modifier, ...]
    guard: Guard
    span: Span
    help: str = ""


class WinnerEntry(Struct, frozen=True):
    """``crm wins: when …``, ``newest wins: always tie crm``."""

    winner: Phrase
    guard: Guard
    span: Span
    tie: Word | None = None


Entry: TypeAlias = (
    SettingEntry
    | DefineEntry
    | DirectionEntry
    | ScopeEntry
    | LeavingEntry
    | WindowEntry
    | PhraseEntry
    | SkipEntry
    | FetchEntry
    | MatchEntry
    | CopiesEntry
    | RowEntry
    | KeepEntry
    | MapEntry
    | WinnerEntry
)


class Written(Struct, frozen=True):
    """An entry's tree beside its source text on one line, for showing it."""

    entry: Entry
    text: str


class Section(Struct, frozen=True):
    """One section. ``name`` is the heading's fixed words (``map``, ``translate``, ``conflict per field``)."""

    name: str
    span: Span
    entries: tuple[Written, ...]
    heading: TranslateHeading | None = None


class RuleFile(Struct, frozen=True):
    """Everything of one file that could be parsed. ``broken`` holds the names and quoted texts of entries that could
    not, so that what refers to them is not reported as well; ``whole`` is true when nothing was left out."""

    file: str
    heading: SyncHeading
    sections: tuple[Section, ...]
    broken: frozenset[str] = frozenset()
    whole: bool = True
