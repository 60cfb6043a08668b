"""Settings as people type and read them: found by name, checked against what the rule files declare."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from engine.context import EVERYTHING, Everything, SettingValue, fold
from engine.errors import UserError
from engine.language.program import Program, SettingSpec
from engine.language.suggestions import did_you_mean
from engine.records import CRM, Side
from tandem import shown

Level: TypeAlias = Literal["org", "user"]
Known: TypeAlias = Callable[[Side, str], Sequence[str] | None]
"""(side, kind) ▸ the names there are; None where they can't be told now."""

_FLAGS: Final = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_WHOSE: Final[Mapping[Level, str]] = {"org": "the organisation", "user": "users"}


@dataclass(frozen=True, slots=True)
class Setting:
    """A declared setting, and the rule file that declares it."""

    program: Program
    spec: SettingSpec

    @property
    def name(self) -> str:
        return f"{self.program.name}.{self.spec.name}"


def find(programs: Sequence[Program], name: str, level: Level) -> Setting:
    """The setting called ``name`` or ``file.name``. Raises UserError with the nearest name, and for one that is not
    set at this level."""
    everything = [Setting(program, spec) for program in programs for spec in program.settings]
    found = [one for one in everything if name in (one.spec.name, one.name)]
    if not found:
        known = [one.spec.name for one in everything if level in one.spec.set_by]
        hint = did_you_mean(name, known) or f"The settings are: {', '.join(sorted(set(known)))}."
        raise UserError(f"There is no setting {shown.safe(name)}.", hint)
    if len(found) > 1:
        raise UserError(f"Several rule files have a setting {name}.", f"Name one: {', '.join(o.name for o in found)}.")
    if level not in found[0].spec.set_by:
        whose = " and ".join(_WHOSE[one] for one in found[0].spec.set_by)
        raise UserError(f"The setting {name} is set for {whose} only.", _OTHER_COMMAND[level])
    return found[0]


_OTHER_COMMAND: Final[Mapping[Level, str]] = {
    "org": "Use `tandem user set USER SETTING VALUE`.",
    "user": "Use `tandem org set SETTING VALUE`.",
}


def parse(setting: Setting, words: Sequence[str], known: Known) -> SettingValue:
    """The value that the words stand for. Raises UserError that names the choices, with the nearest one."""
    spec = setting.spec
    if spec.kind == "list":
        return _list(spec, words, known)
    if len(words) != 1:
        raise UserError(f"The setting {spec.name} takes one value.", _possible(spec))
    word = words[0].strip()
    match spec.kind:
        case "flag":
            if word.lower() in _FLAGS:
                return _FLAGS[word.lower()]
        case "choice":
            if word in spec.choices:
                return word
        case "time":
            if re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", word):
                return word
        case "duration":
            if re.fullmatch(r"[0-9]{1,4} (minute|hour|day|week|month|year)s?", word):
                return word
        case "one":
            return _names(spec, [word], known)[0]
    hint = did_you_mean(word, spec.choices) or _possible(spec)
    raise UserError(f"{shown.safe(word)} is not a value of {spec.name}.", hint)


def _possible(spec: SettingSpec) -> str:
    said = {
        "flag": "Say yes or no.",
        "time": "Give a time of day such as 09:00.",
        "duration": "Give a duration such as 2 weeks.",
        "one": "Give one name.",
        "list": "Give names, or everything.",
    }
    return said.get(spec.kind) or f"It can be: {', '.join(spec.choices)}."


def _list(spec: SettingSpec, words: Sequence[str], known: Known) -> SettingValue:
    if [word.lower() for word in words] == ["everything"]:
        return EVERYTHING
    if not words:
        raise UserError(f"The setting {spec.name} needs at least one name.", _possible(spec))
    return _names(spec, words, known)


def _names(spec: SettingSpec, words: Sequence[str], known: Known) -> tuple[str, ...]:
    """Names as they are spelt where they are; on the CRM's side they must be there. Outlook folders may come later
    (the sync makes them), so an unknown one is taken as it is."""
    there = known(*spec.target) if spec.target else None
    by_fold = {fold(name): name for name in there or ()}
    names = []
    for word in words:
        spelt = by_fold.get(fold(word))
        if spelt is None and spec.target and spec.target[0] == CRM and there is not None and fold(word) != "none":
            hint = did_you_mean(word, there) or f"The CRM has: {', '.join(map(shown.safe, there)) or 'none'}."
            raise UserError(f"The CRM has no {_spoken(spec.target[1])} {shown.safe(word)}.", hint)
        names.append(spelt or word.strip())
    return tuple(dict.fromkeys(names))


def _spoken(kind: str) -> str:
    """A kind of record as people say it: ``TaskList`` is a task list."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()


def text(value: SettingValue) -> str:
    """A setting's value for people."""
    if isinstance(value, Everything):
        return "everything"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "; ".join(map(shown.safe, value)) or "nothing"
    return "none" if value is None else shown.safe(str(value))
