"""Every word of the shipped rules matters: whatever is changed in them is refused, or changes what comes of a case.

What the shipped cases can't tell, because it is about settings alone, is asked of the program itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Final

import pytest
from rule_mutants import Mutant, Mutations

from engine.cases.model import Case, Told
from engine.cases.run import runner
from engine.context import Context, SettingValue
from engine.language.compiler import compile_text
from engine.language.diagnostics import RuleErrors
from engine.language.program import Program, SettingSpec
from engine.resources import rules
from engine.settings import effective
from graph_client.effects import mailed
from tandem.casefiles import Cases, read_folder
from tandem.rulefiles import SCHEMAS

NAMES: Final = ("activities", "contacts", "tasks")

_UNSEEN: Final = "what may not be read is neither written nor deleted, whatever the rule says"
_FIRST_COUNTS: Final = "of two lines over the same fields the upper one counts, and here it always does"
_AGREED: Final = "both sides say the same before anybody asks what to make of it"
_ONLY: Final = "the only choice there is, and what counts where nothing is said"
_OUT: Final = "of another type it is out of scope: never written"
ALIKE: Final[Mapping[str, str]] = {
    "\"no permission\": stop syncing: 'stop syncing' -> 'delete in crm'": _UNSEEN,
    "\"no permission\": stop syncing: 'stop syncing' -> 'sync a last time, then stop'": _UNSEEN,
    "activitytype <- \"Task\" on create: 'on create' -> ''": _OUT,
    "keep \"Cancelled\" while 100: 'keep \"Cancelled\"    while 100' -> ''": _AGREED,
    'keep "Cancelled" while 100: \'"Cancelled"\' -> \'"Cancelledx"\'': _AGREED,
    "date_start <- dueDateTime as day, at setting.start_time: '<-' -> '<->'": _FIRST_COUNTS,
    "when m365.details is fetched and not due_nearby: ' and not due_nearby' -> ''": _FIRST_COUNTS,
    "keep confidential while yes: 'keep confidential  while yes' -> ''": _AGREED,
    "keep personal while yes: 'keep personal      while yes' -> ''": _AGREED,
    "occurrence in the window: one activity: 'occurrence in the window:   one activity' -> ''": _ONLY,
    "changed occurrence: change that activity: 'changed occurrence:         change that activity' -> ''": _ONLY,
    "changed activity: change that occurrence: 'changed activity:           change that occurrence' -> ''": _ONLY,
    "deleted series: as deleted in m365: 'deleted series:             as deleted in m365' -> ''": _ONLY,
    "description <-> body as plain_text on first sync: 'plain_text' -> 'phone'": (
        "both write tidy text, and what travels on the first sync alone is never compared again"
    ),
    "recurrence -> recurrence on create: '->' -> '<->'": "the line below it does the same",
}
"""Changes that change nothing, and why that is so."""


@cache
def shipped() -> Cases:
    return read_folder(rules())


def cases(name: str) -> Mapping[str, Case]:
    return {case.name: case for _, file in shipped().files for case in file.cases if file.rules == name}


def told(program: Program, case: Case) -> list[object]:
    """What comes of a case, without the entries behind it but for how records were recognised."""
    ran = runner(program, SCHEMAS, mailed).run(case)
    return [_plain(one) for one in ran.told]


def _plain(one: Told) -> object:
    fields = [(field.path, field.before, field.after, field.lost) for field in one.fields]
    return one.what, one.who, one.place, one.reason, one.mail, fields, one.entry if one.what == "matched" else ""


# ---- settings -------------------------------------------------------------------------------------------------


def _values(spec: SettingSpec) -> tuple[SettingValue, SettingValue]:
    """Two values of a setting that differ from each other."""
    match spec.kind:
        case "choice":
            return spec.choices[1], spec.choices[-1] if len(spec.choices) < 4 else spec.choices[2]
        case "flag":
            return not spec.default, bool(spec.default)
        case "list":
            return ("one",), ("two",)
    return "08:00", "07:30"


def _directions(known: Program) -> Iterator[tuple[str, str]]:
    ways = next(spec.choices for spec in known.settings if spec.name == "direction")
    return ((one, other) for one in ways for other in ways)


def settled(program: Program, known: Program) -> object:
    """What counts of settings, whoever set them: of those that the shipped program knows."""
    org = {spec.name: _values(spec)[0] for spec in known.settings}
    user = {spec.name: _values(spec)[1] for spec in known.settings}
    both = [(org, user), ({}, {}), (org, {}), ({}, user)]
    both += [({"direction": one}, {"direction": other}) for one, other in _directions(known)]
    counts = [repr(effective(program.settings, *pair, may)) for pair in both for may in (True, False)]
    ways = [
        program.direction(Context(datetime(2026, 11, 22, tzinfo=UTC), "UTC", "u", {"direction": way}))
        for way in ("both", "to_m365", "to_crm", "off")
    ]
    kinds = [(spec.name, spec.kind, spec.choices) for spec in program.settings]
    return program.name, counts, [(way.to_m365, way.to_crm) for way in ways], kinds


# ---- the test -------------------------------------------------------------------------------------------------


class Judge:
    """Whether a program can be told from the shipped one; cases are tried first that told most changes so far."""

    def __init__(self, name: str) -> None:
        self.known = shipped().programs[name]
        self.cases = cases(name)
        self.outcomes = {case.name: told(self.known, case) for case in self.cases.values()}
        self.settings = settled(self.known, self.known)
        self.telling: Counter[str] = Counter()

    def tells(self, program: Program) -> bool:
        if settled(program, self.known) != self.settings:
            return True
        for name in [*(name for name, _ in self.telling.most_common()), *self.cases]:
            if told(program, self.cases[name]) != self.outcomes[name]:
                self.telling[name] += 1
                return True
        return False


@pytest.mark.parametrize("name", NAMES)
def test_no_change_of_the_rules_goes_unnoticed(
    name: str, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each literal changed and each entry deleted, one at a time: refused by the compiler, or another outcome, but for
    the few changes that are known to say the same."""
    judge, killed = Judge(name), Counter[str]()
    mutants = Mutations((rules() / f"{name}.rules").read_text("utf-8"), judge.known.crm, judge.known.m365).all()
    survivors: list[Mutant] = []
    for mutant in mutants:
        try:
            program = compile_text(f"{name}.rules", mutant.text, SCHEMAS)
        except RuleErrors:
            killed["refused"] += 1
            continue
        if judge.tells(program):
            killed["another outcome"] += 1
        else:
            survivors.append(mutant)
    said = f"{len(mutants)} mutants: {dict(killed)}, {len(survivors)} that change nothing"
    record_property("mutants", said)
    with capsys.disabled():
        print(f"\n{name}.rules: {said}")  # noqa: T201
    assert [str(survivor) for survivor in survivors if str(survivor) not in ALIKE] == []
    assert killed["refused"] > 500 and killed["another outcome"] > 150


def test_no_change_is_excused_in_vain() -> None:
    """Whatever is known to say the same is a change of a line that is there."""
    lines = [" ".join(line.split()) for name in NAMES for line in (rules() / f"{name}.rules").read_text().split("\n")]
    assert [one for one in ALIKE if not any(one.startswith(f"{line}: ") for line in lines if line)] == []
