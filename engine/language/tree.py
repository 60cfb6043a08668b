"""The syntax of one rule file as frozen values: what was written, names unresolved, each node with its place.

Only the front half (syntax, names) reads these; every later pass works on the resolved form in ``checked.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

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


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word: a define, a choice, ``yes``, ``crm`` … names.py decides which."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Path:
    """A dotted or slotted name: ``crm.email``, ``setting.conflict``, ``homePhones[1]``."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Text:
    """Quoted text, without its quotes."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number."""

    value: int
    span: Span


Term: TypeAlias = Word | Path | Text | Number
Constant: TypeAlias = Word | Text | Number


@dataclass(frozen=True, slots=True)
class Duration:
    """``2 months``."""

    amount: int
    unit: Unit
    span: Span


@dataclass(frozen=True, slots=True)
class Moment:
    """``2 months before now``: an anchor (now, today or a path), moved by a duration."""

    anchor: Word | Path
    span: Span
    offset: Duration | None = None
    sense: BeforeAfter | None = None


# ---- conditions -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AnyOf:
    items: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class AllOf:
    items: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Not:
    item: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Truth:
    """A term that stands alone as a condition: a flag, or a define."""

    term: Term
    span: Span


@dataclass(frozen=True, slots=True)
class Is:
    left: Term
    right: Term
    span: Span


@dataclass(frozen=True, slots=True)
class IsState:
    left: Term
    state: StateWord
    span: Span


@dataclass(frozen=True, slots=True)
class In:
    """``right`` is a term (a list field or setting) or the constants of a written list."""

    left: Term
    right: Term | tuple[Constant, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Compare:
    """``left before|after moment``."""

    left: Term
    sense: BeforeAfter
    moment: Moment
    span: Span


@dataclass(frozen=True, slots=True)
class Between:
    left: Term
    start: Moment
    end: Moment
    span: Span


@dataclass(frozen=True, slots=True)
class FallsOn:
    left: Term
    right: Term
    span: Span


@dataclass(frozen=True, slots=True)
class SharesAny:
    left: Term
    right: Term
    span: Span


@dataclass(frozen=True, slots=True)
class MayRead:
    side: Side
    span: Span


@dataclass(frozen=True, slots=True)
class Changed:
    """``crm changed since last sync``."""

    side: Side
    span: Span


Expr: TypeAlias = (
    AnyOf | AllOf | Not | Truth | Is | IsState | In | Compare | Between | FallsOn | SharesAny | MayRead | Changed
)


# ---- what many entries end with -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Otherwise:
    """``otherwise`` or ``always`` in place of a ``when``."""

    word: Literal["otherwise", "always"]
    span: Span


Guard: TypeAlias = Expr | Otherwise | None


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words from a closed list (``stop syncing``), checked after parsing so that a slip gets a suggestion."""

    text: str
    span: Span


# ---- headings -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SyncHeading:
    name: Word
    left: Path
    right: Path
    span: Span
    help: str = ""


@dataclass(frozen=True, slots=True)
class TranslateHeading:
    name: Word
    left: Path
    right: Path
    span: Span
    help: str = ""


# ---- entries --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChoicesType:
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class ListType:
    of: Path


@dataclass(frozen=True, slots=True)
class OneType:
    """One record of a kind: ``crm.TaskList``."""

    of: Path


@dataclass(frozen=True, slots=True)
class PlainType:
    name: Literal["time of day", "duration"]


SettingType: TypeAlias = ChoicesType | ListType | OneType | PlainType


@dataclass(frozen=True, slots=True)
class Clock:
    """``09:00``."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class SettingEntry:
    name: Word
    type: SettingType
    default: Word | Text | Number | Duration | Clock
    set_by: tuple[Word, ...]
    narrowest_wins: bool
    span: Span
    help: str = ""


@dataclass(frozen=True, slots=True)
class DefineEntry:
    """``name A`` or ``name A when B, else C``."""

    name: Word
    body: Expr
    span: Span
    condition: Expr | None = None
    otherwise: Expr | None = None


@dataclass(frozen=True, slots=True)
class DirectionEntry:
    follow: Path
    span: Span


@dataclass(frozen=True, slots=True)
class ScopeEntry:
    side: Side
    needs: Expr
    reason: Text
    guard: Guard
    span: Span


@dataclass(frozen=True, slots=True)
class LeavingEntry:
    reason: Text
    policy: Phrase
    guard: Guard
    span: Span


@dataclass(frozen=True, slots=True)
class WindowEntry:
    field: Path
    start: Moment
    end: Moment
    span: Span


@dataclass(frozen=True, slots=True)
class PhraseEntry:
    """``head: words``, with alternatives where the section has them (``other users: invitation, else own event``)."""

    head: Phrase
    body: tuple[Phrase, ...]
    guard: Guard
    span: Span
    help: str = ""


@dataclass(frozen=True, slots=True)
class SkipEntry:
    condition: Expr
    reason: Text
    span: Span


@dataclass(frozen=True, slots=True)
class FetchEntry:
    part: Path
    condition: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class MatchEntry:
    name: Word
    condition: Expr
    ignoring_case: bool
    guard: Guard
    span: Span


@dataclass(frozen=True, slots=True)
class CopiesEntry:
    """``same record: path``, ``organiser: path``, ``read from: the copy where …``, ``write to: …``. ``first_synced``
    is where the words “the first synced” stand, if they do."""

    head: Phrase
    target: Path | Expr
    span: Span
    first_synced: Span | None = None


@dataclass(frozen=True, slots=True)
class AnyOther:
    span: Span


Cell: TypeAlias = Word | Text | Number | AnyOther


@dataclass(frozen=True, slots=True)
class RowEntry:
    left: Cell
    arrow: Arrow
    right: Cell
    span: Span
    arrow_span: Span


@dataclass(frozen=True, slots=True)
class KeepEntry:
    value: Constant
    sense: Literal["while", "unless"]
    others: tuple[Constant, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Modifier:
    """One thing after the two ends of a map line: ``as x``, ``at x``, ``with x``, ``sticky x``, ``keep others``,
    ``always``, ``else user``, ``on create``, ``on first sync``."""

    word: ModifierWord
    span: Span
    argument: Term | None = None


@dataclass(frozen=True, slots=True)
class MapEntry:
    left: Term
    arrow: Arrow
    right: Term
    arrow_span: Span
    modifiers: tuple[Modifier, ...]
    guard: Guard
    span: Span
    help: str = ""


@dataclass(frozen=True, slots=True)
class WinnerEntry:
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


@dataclass(frozen=True, slots=True)
class Written:
    """An entry's tree beside its source text on one line, for showing it."""

    entry: Entry
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """One section. ``name`` is the heading's fixed words (``map``, ``translate``, ``conflict per field``)."""

    name: str
    span: Span
    entries: tuple[Written, ...]
    heading: TranslateHeading | None = None


@dataclass(frozen=True, slots=True)
class RuleFile:
    """Everything of one file that could be parsed. ``broken`` holds the names and quoted texts of entries that could
    not, so that what refers to them is not reported as well; ``whole`` is true when nothing was left out."""

    file: str
    heading: SyncHeading
    sections: tuple[Section, ...]
    broken: frozenset[str] = frozenset()
    whole: bool = True
