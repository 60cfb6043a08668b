"""A live pair as a case: what is there, as it is, with the names and words of people replaced.

The shape stays: words that were equal are equal still, addresses are addresses, numbers keep how they are written,
and dates, choices and ticks are left as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from engine.cases.values import write_moment, write_value
from engine.cases.words import quoted
from engine.context import Context, Everything, SettingValue
from engine.language.program import Program
from engine.links import Base
from engine.records import CRM, M365, Gone, Record, Reference, Side, Value
from engine.records import State as Present
from engine.schema import Schema, Type
from engine.sync.slots import Layout, compose, layout, view

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SYLLABLES: Final = tuple(consonant + vowel for consonant in "bdfglmnprtv" for vowel in "aeiou")
_LONGEST: Final = 160
"""Characters of a text that are kept of a longer one."""
_HIDDEN_DIGITS: Final = 6


class Mask:
    """Replaces what could tell who somebody is; equal things get equal replacements. ``users`` are the CRM users that
    are known, the case's own first."""

    def __init__(self, users: Iterable[str], accounts: Mapping[str, str]) -> None:
        self.words: dict[str, str] = {}
        self.digits: dict[str, str] = {}
        self.people: dict[str, str] = {}
        for user in users:
            self.person(user)
        for user, account in accounts.items():
            self.people.setdefault(account, self.person(user))

    def person(self, id: str) -> str:
        """A user or account: ``user1``, ``user2`` in the order in which they are met."""
        return self.people.setdefault(id, f"user{len(set(self.people.values())) + 1}")

    def text(self, text: str) -> str:
        short = text if len(text) <= _LONGEST else text[:_LONGEST].rpartition(" ")[0] or text[:_LONGEST]
        masked = _WORD.sub(self._word, short)
        return re.sub(r"\d{2,}", lambda match: self._number(match[0]), masked)

    def _word(self, match: re.Match[str]) -> str:
        word = match[0]
        found = self.words.get(word.casefold())
        if found is None:
            found = self.words[word.casefold()] = _made_up(len(self.words))
        return found.upper() if word.isupper() and len(word) > 1 else found.title() if word[0].isupper() else found

    def _number(self, digits: str) -> str:
        return self.digits.setdefault(digits, f"{len(self.digits) + 1:0{len(digits)}}"[-len(digits) :])

    def phone(self, text: str) -> str:
        """The same way of writing another number: the last six digits are others."""
        digits = re.sub(r"\D", "", text)
        known = list(self._number(digits[-_HIDDEN_DIGITS:]).rjust(min(len(digits), _HIDDEN_DIGITS), "0"))
        found = []
        for sign in reversed(text):
            found.append(known.pop() if sign.isdigit() and known else sign)
        return _WORD.sub(self._word, "".join(reversed(found)))

    def email(self, text: str) -> str:
        local, at, domain = text.rpartition("@")
        if not at:
            return self.text(text)
        company = _WORD.sub(self._word, domain.rpartition(".")[0].replace(".", "-")).lower()
        return f"{self.text(local)}@{company}.example"

    def value(self, value: Value, kind: Type) -> Value:
        """A value of this type, replaced by one of its shape."""
        if isinstance(value, Reference):
            return replace(value, name=self.text(value.name)) if value.id != "" else value
        if isinstance(value, tuple):
            kinds = [kind.of] * len(value) if kind.of else [part for _, part in kind.parts] or [_TEXT] * len(value)
            return tuple(self.value(one, part or _TEXT) for one, part in zip(value, kinds, strict=False))
        if not isinstance(value, str):
            return value
        match kind.name:
            case "date" | "instant" | "zoned":
                return value
            case "choice" if value in kind.choices:
                return value
            case "phone":
                return self.phone(value)
            case "email":
                return self.email(value)
            case "user" | "account":
                return self.person(value)
        return self.text(value)

    def setting(self, value: SettingValue) -> SettingValue:
        if isinstance(value, tuple):
            return tuple(map(self.text, value))
        return self.text(value) if isinstance(value, str) else value


_TEXT: Final = Type("text")


def _made_up(number: int) -> str:
    """A word that means nothing, another for each number."""
    found, rest = "", number + len(_SYLLABLES)
    while rest:
        rest, index = divmod(rest, len(_SYLLABLES))
        found = _SYLLABLES[index] + found
    return found


def captured(program: Program, context: Context, base: Base | None, crm: Present | None, m365: Present | None) -> str:
    """A case file with one case that asks what comes of these records now; ``base`` None: they were never agreed."""
    mask = Mask([context.user, *sorted(context.directory.accounts)], context.directory.accounts)
    shape = layout(program)
    entries = list[str]()
    for side, state, of in ((CRM, crm, base.crm if base else {}), (M365, m365, base.m365 if base else {})):
        entries += _record(program, shape, mask, context.zone, side, state, of if base else None)
    if base is None and crm is not None and m365 is not None:
        entries.append("never agreed")
    lines = [
        "language 1", "", f"cases {program.name}", *(f"  {line}" for line in _header(program, context, mask)), "",
        'case "captured"', *(f"  {line}" for line in entries), "  expect ?", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _header(program: Program, context: Context, mask: Mask) -> list[str]:
    directory, zone = context.directory, context.zone
    found = [f"zone     {quoted(zone)}", f"clock    {write_moment(context.now, zone)}"]
    people = dict.fromkeys([context.user, *sorted(directory.accounts), *sorted(directory.addresses)])
    for user in (
        people if program.m365.identity else [one for one in people if one in {context.user, *directory.accounts}]
    ):
        address = directory.mailboxes.get(user) or directory.addresses.get(user)
        word = "user" if user == context.user else "connected" if user in directory.accounts else "colleague"
        said = f" {quoted(mask.email(address))}" if address else ""
        found.append(f"{word:<8} {mask.person(user)}{said}")
    for spec in program.settings:
        value = context.settings.get(spec.name, spec.default)
        if value != spec.default:
            masked = mask.setting(value) if spec.kind in ("list", "one") else value
            found.append(f"setting  {spec.name} {write_setting(masked, spec.kind)}")
    return found


def write_setting(value: SettingValue, kind: str) -> str:
    """A setting's value as cases have it."""
    if isinstance(value, Everything):
        return "everything"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(quoted, value))
    if value is None:
        return "none"
    return quoted(str(value)) if kind == "one" else str(value)


def _record(
    program: Program, shape: Layout, mask: Mask, zone: str, side: Side, state: Present | None,
    base: Mapping[str, Value] | None,
) -> list[str]:  # fmt: skip
    """The entries about one side: the record as it was agreed, and what changed since."""
    if state is None:
        return []
    schema = program.crm if side == CRM else program.m365
    held = dict(state.values) if isinstance(state, Record) else {}
    agreed = held if base is None else _agreed(schema, shape, side, held, base)
    known = [name for name in schema.by_name if name in program.reads[side] and name != schema.identity]
    found = _fields(f"{side:<8} ", schema, mask, zone, {name: agreed.get(name) for name in known})
    if not isinstance(state, Record):
        return [*found, f"{'deleted' if isinstance(state, Gone) else 'unreadable'} in {side}"]
    changed = {name: held[name] for name in known if name in held and held[name] != agreed.get(name)}
    if changed:
        found += _fields(f"changed in {side}  ", schema, mask, zone, changed, empties=True)
    return found if state.editable else [*found, f"read-only in {side}"]


def _agreed(
    schema: Schema, shape: Layout, side: Side, held: Mapping[str, Value], base: Mapping[str, Value]
) -> dict[str, Value]:
    """The whole fields of a record as they were when both sides last agreed; what no base knows is as it is."""
    paths = {path: value for path, value in base.items() if path in shape.paths[side]}
    seen = view(held, base, shape.slots[side])
    whole = compose(held, seen, paths, shape.slots[side])
    return {**held, **{name: value for name, value in whole.items() if name in schema.by_name}}


def _fields(
    lead: str, schema: Schema, mask: Mask, zone: str, values: Mapping[str, Value], empties: bool = False
) -> list[str]:
    """One entry with a line per field; those that say nothing are left out."""
    found = []
    for name, value in values.items():
        kind = schema.by_name[name].type
        if (value in (None, (), False) and not empties) or _is_home(value):
            continue
        masked = value if name == schema.repeats else mask.value(value, kind)
        found.append(f"{name} {write_value(masked, kind, zone)}")
    indent = " " * max(4, len(lead))
    return [lead + f"\n  {indent}".join(found)] if found else [lead.rstrip()]


def _is_home(value: Value) -> bool:
    return isinstance(value, Reference) and value.id == ""
