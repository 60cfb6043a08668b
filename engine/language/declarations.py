"""What a file declares before it rules anything: which records it keeps in step, and its settings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast

from msgspec import Struct

from engine.context import EVERYTHING, SettingValue
from engine.language import checked as c
from engine.language import tree as t
from engine.language.diagnostics import Note, Problems, Span
from engine.language.names import FLAGS
from engine.language.phrases import DIRECTIONS
from engine.language.program import SettingSpec
from engine.language.suggestions import closest
from engine.records import CRM, M365, Side
from engine.schema import Schema, Schemas

_Kind: TypeAlias = Literal["choice", "flag", "list", "one", "time", "duration"]


@dataclass(slots=True)
class Ids:
    """Stable ids of entries, made of names: the section and what the entry says of itself."""

    name: str
    problems: Problems
    given: dict[str, Span] = field(default_factory=dict)

    def entry(self, section: str, key: str, written: t.Written, more: str = "") -> c.Entry:
        return self.named(section, key, written.entry.span, written.text, more)

    def named(self, section: str, key: str, span: Span, text: str, more: str = "") -> c.Entry:
        """The id is ``name/section/key``; a second entry with the same key has ``more`` added, and one that still
        says the same is a problem."""
        wanted = f"{self.name}/{section}/{key}"
        if wanted in self.given and more:
            wanted = f"{wanted} {more}"
        if wanted in self.given:
            note = Note(self.given[wanted], "The first one stands here.")
            self.problems.add(
                "T218", span, "This entry says what another one says already.", "Remove one of them.", note,
            )  # fmt: skip
        self.given.setdefault(wanted, span)
        return c.Entry(wanted, span, text)


class Declared(Struct, frozen=True):
    """The two schemas that a file's heading names."""

    crm: Schema
    m365: Schema


def heading(file: t.RuleFile, schemas: Schemas, problems: Problems) -> Declared | None:
    """The schemas of the sync line; None when one is unknown or on the wrong side (recorded)."""
    left = _schema(file.heading.left, CRM, schemas, problems)
    swapped = file.heading.left.text.startswith(f"{M365}.") and file.heading.right.text.startswith(f"{CRM}.")
    right = None if swapped else _schema(file.heading.right, M365, schemas, problems)
    return Declared(left, right) if left and right else None


def _schema(path: t.Path, side: Side, schemas: Schemas, problems: Problems) -> Schema | None:
    head = path.text.partition(".")[0]
    if head != side:
        where = "Left of the arrow stands the CRM" if side == CRM else "Right of the arrow stands Microsoft 365"
        problems.add("T216", path.span, f"{where}; this is “{path.text}”.", "Write sync name: crm.Kind <-> m365.kind")
        return None
    return kind_of(path, schemas, problems)


def kind_of(path: t.Path, schemas: Schemas, problems: Problems) -> Schema | None:
    """The schema that ``crm.Kind`` or ``m365.kind`` names; None when there is none (recorded)."""
    known = {f"{side}.{kind}": schema for (side, kind), schema in schemas.items()}
    if path.text in known:
        return known[path.text]
    head, _, kind = path.text.partition(".")
    near = closest(kind, [schema.kind for (side, _), schema in schemas.items() if side == head])
    hint = f"Did you mean “{head}.{near}”?" if near else f"There are: {', '.join(sorted(known))}."
    problems.add("T204", path.span, f"No kind of record is called “{path.text}”.", hint)
    return None


# ---- settings -----------------------------------------------------------------------------------------------------


class Settings(Struct, frozen=True):
    """Reads the settings section; a setting with a mistake in it is left out and its name answered as broken."""

    schemas: Schemas
    problems: Problems
    ids: Ids

    def read(self, entries: Iterable[t.Written]) -> tuple[dict[str, SettingSpec], tuple[c.Entry, ...], set[str]]:
        """Specs by name, their entries in the same order, and the names of broken ones."""
        specs: dict[str, SettingSpec] = {}
        kept: list[c.Entry] = []
        broken: set[str] = set()
        for written in entries:
            setting = cast(t.SettingEntry, written.entry)
            entry = self.ids.entry("settings", setting.name.text, written)
            spec = self._spec(setting, entry.id)
            if spec is None:
                broken.add(setting.name.text)
            elif spec.name not in specs:
                specs[spec.name] = spec
                kept.append(entry)
        return specs, tuple(kept), broken

    def _spec(self, setting: t.SettingEntry, entry: str) -> SettingSpec | None:
        before = len(self.problems.found)
        shape = self._shape(setting, entry)
        for word in setting.set_by:
            if word.text not in ("org", "user"):
                self.problems.add(
                    "T219", word.span, f"“{word.text}” is nobody who can set something.", "Write org, user or both."
                )
        if setting.narrowest_wins and not _directional(setting):
            self.problems.add(
                "T220", setting.name.span, "“narrowest wins” compares directions, and this setting is none.",
                f"Use it with the choices {' | '.join(DIRECTIONS)}.",
            )  # fmt: skip
        return shape if len(self.problems.found) == before else None

    def _shape(self, setting: t.SettingEntry, entry: str) -> SettingSpec:
        kind: _Kind = "choice"
        choices: tuple[str, ...] = ()
        target = None
        match setting.type:
            case t.ChoicesType(words=words):
                choices = tuple(word.text for word in words)
                kind = "flag" if set(choices) == set(FLAGS) else "choice"
            case t.ListType(of=path) | t.OneType(of=path):
                schema = kind_of(path, self.schemas, self.problems)
                kind = "list" if isinstance(setting.type, t.ListType) else "one"
                target = (schema.side, schema.kind) if schema else None
            case t.PlainType(name=name):
                kind = "time" if name == "time of day" else "duration"
        return SettingSpec(
            name=setting.name.text,
            kind=kind,
            default=self._default(setting, kind, choices),
            set_by=tuple(cast(t.Setter, word.text) for word in setting.set_by),
            choices=() if kind == "flag" else choices,
            target=target,
            narrowest_wins=setting.narrowest_wins,
            help=setting.help,
            entry=entry,
        )

    def _default(self, setting: t.SettingEntry, kind: str, choices: tuple[str, ...]) -> SettingValue:
        default = setting.default
        match kind, default:
            case "flag", t.Word(text=word) if word in FLAGS:
                return FLAGS[word]
            case "choice", t.Word(text=word) if word in choices:
                return word
            case "list", t.Word(text="everything"):
                return EVERYTHING
            case "list", t.Word(text="none"):
                return ()
            case "one", t.Word(text="none"):
                return None
            case "time", t.Clock(text=text) if re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
                return text
            case "duration", t.Duration(amount=amount, unit=unit):
                return f"{amount} {unit}"
        possible = {
            "list": "everything or none", "one": "none", "time": "a time such as 09:00",
            "duration": "a duration such as 2 weeks",
        }.get(kind, f"one of {', '.join(choices)}")  # fmt: skip
        self.problems.add(
            "T217", default.span, f"This can't be the default of “{setting.name.text}”.", f"Write {possible}."
        )
        return None


def _directional(setting: t.SettingEntry) -> bool:
    return isinstance(setting.type, t.ChoicesType) and {word.text for word in setting.type.words} <= set(DIRECTIONS)
