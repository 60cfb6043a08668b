"""One rule file with every name resolved: defines inlined, paths typed, phrases known, each entry with its stable id.

What names.py hands to the later passes (types, choices, flips, codegen). Only constructs whose behaviour is built
appear here; the others were refused before.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from engine.language.diagnostics import Span
from engine.language.program import Event, Policy, SettingSpec, Winner
from engine.language.tree import Arrow, BeforeAfter, StateWord, Unit
from engine.records import Side
from engine.schema import Schema, Type

# ---- operands -------------------------------------------------------------------------------------------------


class FieldRef(Struct, frozen=True):
    """A field of one side. ``path`` has no side prefix (``emailAddresses[1].address``); ``type`` is what it leads to.
    ``crm.users`` and ``m365.emailAddresses.address`` have list types."""

    side: Side
    path: str
    type: Type
    span: Span


class SettingRef(Struct, frozen=True):
    """The effective value of a declared setting (``context.settings[spec.name]``)."""

    spec: SettingSpec
    span: Span


class UserRef(Struct, frozen=True):
    """The CRM user whose space this is: by the id in the CRM, or by that of the account in Microsoft 365."""

    span: Span
    account: bool = False


class TodayRef(Struct, frozen=True):
    """The user's calendar day."""

    span: Span


class Constant(Struct, frozen=True):
    """A constant: text, whole number, or a flag (from ``yes`` and ``no``). Bare words of choices are text."""

    value: str | int | bool
    span: Span


Operand: TypeAlias = FieldRef | SettingRef | UserRef | TodayRef | Constant


class Moment(Struct, frozen=True):
    """``anchor`` moved by ``amount`` ``unit`` before or after; amount 0 for the anchor itself. Anchors are
    ``now``, ``today`` or a date or instant field."""

    anchor: Literal["now", "today"] | FieldRef
    span: Span
    amount: int = 0
    unit: Unit = "day"
    sense: BeforeAfter = "after"


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


class Choose(Struct, frozen=True):
    """A conditional define: ``then`` when ``condition``, else ``otherwise``."""

    condition: Expr
    then: Expr
    otherwise: Expr
    span: Span


class Truth(Struct, frozen=True):
    """A flag field or yes/no setting standing alone. The operand's type is not checked yet."""

    operand: Operand
    span: Span


class Is(Struct, frozen=True):
    """``left is right``; ``is not`` arrives as Not(Is)."""

    left: Operand
    right: Operand
    span: Span


class IsState(Struct, frozen=True):
    """``left is empty``, ``left is fetched``, or ``left is connected`` of a person."""

    left: Operand
    state: StateWord
    span: Span


class In(Struct, frozen=True):
    """``left in right``: right is a list field, a list setting, or a written list of constants."""

    left: Operand
    right: Operand | tuple[Constant, ...]
    span: Span


class Compare(Struct, frozen=True):
    left: FieldRef
    sense: BeforeAfter
    moment: Moment
    span: Span


class Between(Struct, frozen=True):
    """Inclusive at both ends."""

    left: FieldRef
    start: Moment
    end: Moment
    span: Span


class FallsOn(Struct, frozen=True):
    """Both on the same calendar day of the user."""

    left: Operand
    right: Operand
    span: Span


class SharesAny(Struct, frozen=True):
    left: Operand
    right: Operand
    span: Span


class MayRead(Struct, frozen=True):
    """The user may read the record of this side: false when it is barred, true when it was given."""

    side: Side
    span: Span


class Changed(Struct, frozen=True):
    """A mapped field of this side differs from what was last agreed."""

    side: Side
    span: Span


Expr: TypeAlias = (
    AnyOf
    | AllOf
    | Not
    | Choose
    | Truth
    | Is
    | IsState
    | In
    | Compare
    | Between
    | FallsOn
    | SharesAny
    | MayRead
    | Changed
)


# ---- entries --------------------------------------------------------------------------------------------------


class Entry(Struct, frozen=True):
    """What every entry carries: its id made of names (``contacts/map/mobile<->mobilePhone``), place and text."""

    id: str
    span: Span
    text: str


class Direction(Struct, frozen=True):
    """``follow setting.x``; the setting is a choice among both, to_m365, to_crm and off (all or some)."""

    entry: Entry
    follow: SettingRef


class ScopeRule(Struct, frozen=True):
    """``side needs condition else reason``, looked at only while ``guard`` holds."""

    entry: Entry
    side: Side
    needs: Expr
    reason: str
    guard: Expr | None


class LeavingRule(Struct, frozen=True):
    """What happens to a pair that left for this reason; the first of its reason whose guard holds."""

    entry: Entry
    reason: str
    policy: Policy
    guard: Expr | None


class WindowRule(Struct, frozen=True):
    entry: Entry
    field: FieldRef
    start: Moment
    end: Moment


class SkipRule(Struct, frozen=True):
    """Nothing is written into ``side`` while the condition holds."""

    entry: Entry
    side: Side
    condition: Expr
    reason: str


class FetchRule(Struct, frozen=True):
    """A field of Microsoft 365 that is fetched apart, and when that is worth it."""

    entry: Entry
    field: FieldRef
    condition: Expr


PolicyText: TypeAlias = Policy | Literal["fill it", "leave it empty"]


class PolicyRule(Struct, frozen=True):
    """``if several: report``, ``outside: leave alone``, ``one side empty: fill it``."""

    entry: Entry
    policy: PolicyText


class MatchRule(Struct, frozen=True):
    entry: Entry
    name: str
    condition: Expr
    ignoring_case: bool
    guard: Expr | None


class AnyOther(Struct, frozen=True):
    span: Span


Cell: TypeAlias = Constant | AnyOther


class Row(Struct, frozen=True):
    entry: Entry
    crm: Cell
    arrow: Arrow
    m365: Cell


class Keep(Struct, frozen=True):
    """``side`` keeps ``value`` while (or unless) the other side's value is one of ``others``."""

    entry: Entry
    side: Side
    value: Constant
    sense: Literal["while", "unless"]
    others: tuple[Constant, ...]


class Translation(Struct, frozen=True):
    """A named table between two fields; ``as name`` uses it. ``used`` fields need types equal to these."""

    entry: Entry
    name: str
    crm: FieldRef
    m365: FieldRef
    rows: tuple[Row, ...]
    keeps: tuple[Keep, ...]


class LensUse(Struct, frozen=True):
    """``as name``: a translation of this file, or else a lens of the engine by this name."""

    name: str
    span: Span
    translation: Translation | None = None


class MapRule(Struct, frozen=True):
    """One line. ``left`` is the CRM's end, ``right`` Microsoft 365's; one of them may be the user, today, a setting
    or a constant, and then the arrow leads away from it. ``timing`` None means at every sync. ``always``,
    ``keep_others`` and ``or_user`` (for “else user”) are where the words stand, None where they don't."""

    entry: Entry
    left: Operand
    arrow: Arrow
    right: Operand
    arrow_span: Span
    lens: LensUse | None
    timing: Literal["on create", "on first sync"] | None
    guard: Expr | None
    always: Span | None = None
    keep_others: Span | None = None
    added: FieldRef | None = None
    at: SettingRef | None = None
    sticky: Constant | None = None
    or_user: Span | None = None


class WinnerRule(Struct, frozen=True):
    """``guard`` None: always. ``tie`` says who wins when ``newest`` can't tell."""

    entry: Entry
    winner: Winner
    guard: Expr | None
    tie: Side | None


class ChangeRule(Struct, frozen=True):
    entry: Entry
    event: Event
    policy: Policy
    guard: Expr | None


class Copies(Struct, frozen=True):
    """How copies of one meeting belong together. ``read`` and ``write`` say which copy; ``first_synced`` whether the
    first one is read where none is it; ``own`` is the entry by which users get events of their own, if it says so."""

    same: Entry
    organiser: FieldRef
    read: Expr
    write: Expr
    first_synced: bool
    own: Entry | None
    entries: tuple[Entry, ...]


class Series(Struct, frozen=True):
    """What becomes of the occurrences of a series: the cases with a choice, and all entries."""

    cancelled: PolicyRule
    deleted: PolicyRule
    all_deleted: PolicyRule
    entries: tuple[Entry, ...]


class RuleSet(Struct, frozen=True, kw_only=True):
    """One file, resolved. Missing sections were reported before where the runner needs them: ``direction``,
    ``match on first sync`` with its three ifs, ``changes`` and ``conflict`` are always there. ``first agreement``
    and its fill line too. A window without ``outside`` or ``undated`` was reported; no window at all is lawful."""

    file: str
    name: str
    crm: Schema
    m365: Schema
    entry: Entry
    settings: tuple[SettingSpec, ...]
    setting_entries: tuple[Entry, ...]
    direction: Direction
    scope: tuple[ScopeRule, ...]
    leaving: tuple[LeavingRule, ...]
    window: tuple[WindowRule, ...]
    outside: PolicyRule | None
    undated: PolicyRule | None
    skips: tuple[SkipRule, ...]
    fetches: tuple[FetchRule, ...]
    matches: tuple[MatchRule, ...]
    if_several: PolicyRule
    if_taken: PolicyRule
    if_none: PolicyRule
    translations: tuple[Translation, ...]
    lines: tuple[MapRule, ...]
    fill: PolicyRule
    first_agreement: tuple[WinnerRule, ...]
    changes: tuple[ChangeRule, ...]
    conflict_per: Literal["field", "record"]
    conflict: tuple[WinnerRule, ...]
    copies: Copies | None = None
    series: Series | None = None
