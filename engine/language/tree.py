"""The syntax of one rule file as frozen values: what was written, names unresolved, each node with its place.

Only the front half (syntax, names) reads these; every later pass works on the resolved form in ``checked.py``.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from engine.language.diagnostics import Span
from engine.language.node import node
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


@node
class Word:
    """A bare word: a define, a choice, ``yes``, ``crm`` … names.py decides which."""

    text: str
    span: Span


@node
class Path:
    """A dotted or slotted name: ``crm.email``, ``setting.conflict``, ``homePhones[1]``."""

    text: str
    span: Span


@node
class Text:
    """Quoted text, without its quotes."""

    value: str
    span: Span


@node
class Number:
    """A whole number."""

    value: int
    span: Span


Term: TypeAlias = Word | Path | Text | Number
Constant: TypeAlias = Word | Text | Number


@node
class Duration:
    """``2 months``."""

    amount: int
    unit: Unit
    span: Span


@node
class Moment:
    """``2 months before now``: an anchor (now, today or a path), moved by a duration."""

    anchor: Word | Path
    span: Span
    offset: Duration | None = None
    sense: BeforeAfter | None = None


# ---- conditions -----------------------------------------------------------------------------------------------


@node
class AnyOf:
    items: tuple[Expr, ...]
    span: Span


@node
class AllOf:
    items: tuple[Expr, ...]
    span: Span


@node
class Not:
    item: Expr
    span: Span


@node
class Truth:
    """A term that stands alone as a condition: a flag, or a define."""

    term: Term
    span: Span


@node
class Is:
    left: Term
    right: Term
    span: Span


@node
class IsState:
    left: Term
    state: StateWord
    span: Span


@node
class In:
    """``right`` is a term (a list field or setting) or the constants of a written list."""

    left: Term
    right: Term | tuple[Constant, ...]
    span: Span


@node
class Compare:
    """``left before|after moment``."""

    left: Term
    sense: BeforeAfter
    moment: Moment
    span: Span


@node
class Between:
    left: Term
    start: Moment
    end: Moment
    span: Span


@node
class FallsOn:
    left: Term
    right: Term
    span: Span


@node
class SharesAny:
    left: Term
    right: Term
    span: Span


@node
class MayRead:
    side: Side
    span: Span


@node
class Changed:
    """``crm changed since last sync``."""

    side: Side
    span: Span


Expr: TypeAlias = (
    AnyOf | AllOf | Not | Truth | Is | IsState | In | Compare | Between | FallsOn | SharesAny | MayRead | Changed
)


# ---- what many entries end with -------------------------------------------------------------------------------


@node
class Otherwise:
    """``otherwise`` or ``always`` in place of a ``when``."""

    word: Literal["otherwise", "always"]
    span: Span


Guard: TypeAlias = Expr | Otherwise | None


@node
class Phrase:
    """Words from a closed list (``stop syncing``), checked after parsing so that a slip gets a suggestion."""

    text: str
    span: Span


# ---- headings -------------------------------------------------------------------------------------------------


@node
class SyncHeading:
    name: Word
    left: Path
    right: Path
    span: Span
    help: str = ""


@node
class TranslateHeading:
    name: Word
    left: Path
    right: Path
    span: Span
    help: str = ""


# ---- entries --------------------------------------------------------------------------------------------------


@node
class ChoicesType:
    words: tuple[Word, ...]


@node
class ListType:
    of: Path


@node
class OneType:
    """One record of a kind: ``crm.TaskList``."""

    of: Path


@node
class PlainType:
    name: Literal["time of day", "duration"]


SettingType: TypeAlias = ChoicesType | ListType | OneType | PlainType


@node
class Clock:
    """``09:00``."""

    text: str
    span: Span


@node
class SettingEntry:
    name: Word
    type: SettingType
    default: Word | Text | Number | Duration | Clock
    set_by: tuple[Word, ...]
    narrowest_wins: bool
    span: Span
    help: str = ""


@node
class DefineEntry:
    """``name A`` or ``name A when B, else C``."""

    name: Word
    body: Expr
    span: Span
    condition: Expr | None = None
    otherwise: Expr | None = None


@node
class DirectionEntry:
    follow: Path
    span: Span


@node
class ScopeEntry:
    side: Side
    needs: Expr
    reason: Text
    guard: Guard
    span: Span


@node
class LeavingEntry:
    reason: Text
    policy: Phrase
    guard: Guard
    span: Span


@node
class WindowEntry:
    field: Path
    start: Moment
    end: Moment
    span: Span


@node
class PhraseEntry:
    """``head: words``, with alternatives where the section has them (``other users: invitation, else own event``)."""

    head: Phrase
    body: tuple[Phrase, ...]
    guard: Guard
    span: Span
    help: str = ""


@node
class SkipEntry:
    condition: Expr
    reason: Text
    span: Span


@node
class FetchEntry:
    part: Path
    condition: Expr
    span: Span


@node
class MatchEntry:
    name: Word
    condition: Expr
    ignoring_case: bool
    guard: Guard
    span: Span


@node
class CopiesEntry:
    """``same record: path``, ``organiser: path``, ``read from: the copy where …``, ``write to: …``. ``first_synced``
    is where the words “the first synced” stand, if they do."""

    head: Phrase
    target: Path | Expr
    span: Span
    first_synced: Span | None = None


@node
class AnyOther:
    span: Span


Cell: TypeAlias = Word | Text | Number | AnyOther


@node
class RowEntry:
    left: Cell
    arrow: Arrow
    right: Cell
    span: Span
    arrow_span: Span


@node
class KeepEntry:
    value: Constant
    sense: Literal["while", "unless"]
    others: tuple[Constant, ...]
    span: Span


@node
class Modifier:
    """One thing after the two ends of a map line: ``as x``, ``at x``, ``with x``, ``sticky x``, ``keep others``,
    ``always``, ``else user``, ``on create``, ``on first sync``."""

    word: ModifierWord
    span: Span
    argument: Term | None = None


@node
class MapEntry:
    left: Term
    arrow: Arrow
    right: Term
    arrow_span: Span
    modifiers: tuple[Modifier, ...]
    guard: Guard
    span: Span
    help: str = ""


@node
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


@node
class Written:
    """An entry's tree beside its source text on one line, for showing it."""

    entry: Entry
    text: str


@node
class Section:
    """One section. ``name`` is the heading's fixed words (``map``, ``translate``, ``conflict per field``)."""

    name: str
    span: Span
    entries: tuple[Written, ...]
    heading: TranslateHeading | None = None


@node
class RuleFile:
    """Everything of one file that could be parsed. ``broken`` holds the names and quoted texts of entries that could
    not, so that what refers to them is not reported as well; ``whole`` is true when nothing was left out."""

    file: str
    heading: SyncHeading
    sections: tuple[Section, ...]
    broken: frozenset[str] = frozenset()
    whole: bool = True
