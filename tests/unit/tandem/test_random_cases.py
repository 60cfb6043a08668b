"""Cases of random records: whatever they hold, something comes of them, and what came is read back and holds."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

import pytest

from engine.cases.accept import accepted
from engine.cases.coverage import Listener
from engine.cases.parse import read_cases
from engine.cases.run import runner
from engine.cases.values import write_value
from engine.context import fold
from engine.language.program import Program
from engine.records import Reference, Side, Value
from engine.schema import TEXT, Type
from graph_client.effects import mailed
from tandem.casefiles import read_folder
from tandem.rulefiles import SCHEMAS

DAYS: Final = ("0001-01-01", "1583-10-15", "2026-11-22", "2026-11-25", "2027-11-22", "9999-12-31")
TIMES: Final = ("00:00:00", "09:00:00", "10:30:00", "23:59:59")
WORDS: Final[dict[str, tuple[str, ...]]] = {
    "user": ("ann", "bob", "cat", "zed"), "account": ("ann", "bob", "stranger"),
    "email": ("ann@firm.test", "bob@firm.test", "x@y.example", "odd", "BOB@firm.test "),
    "phone": ("020 7946 0001", "+44", "abc", "07700 900123 x5"),
}  # fmt: skip
TEXTS: Final = ("Visit", "visit ", "x" * 300, 'é\n"q"\\', "FREQ=WEEKLY;COUNT=2")
FATES: Final = ("", "never agreed", "deleted in crm", "deleted in m365", "unreadable in crm", "read-only in m365")


def some_value(chance: random.Random, kind: Type) -> Value:
    """A value of the type, often an odd one."""
    if chance.random() < 0.15:
        return None
    match kind.name:
        case "list":
            found = [some_value(chance, kind.of or TEXT) for _ in range(chance.randint(1, 3))]
            return tuple(one for one in found if one is not None) or None
        case "structure" | "postal":
            parts = tuple(some_value(chance, part) for part in [part for _, part in kind.parts] or [TEXT] * 5)
            return parts if any(part is not None for part in parts) else None
        case "reference":
            name = chance.choice(("Acme", "Zenith", "Site / To do"))
            flags = tuple(flag for flag, _ in kind.parts if chance.random() < 0.5)
            return Reference(chance.choice((None, fold(name))), name, flags)
        case "flag":
            return chance.random() < 0.5
        case "integer":
            return chance.randint(0, kind.limit or 9)
        case "date":
            return chance.choice(DAYS)
        case "instant":
            return f"{chance.choice(DAYS)}T{chance.choice(TIMES)}Z"
        case "zoned":
            zoned = f"{chance.choice(DAYS)}T{chance.choice(TIMES)}Z[{chance.choice(('Europe/London', 'Asia/Tokyo'))}]"
            return chance.choice((zoned, chance.choice(DAYS)))
        case "choice":
            return chance.choice(kind.choices)
    return chance.choice(WORDS.get(kind.name, TEXTS))


def some_case(chance: random.Random, program: Program) -> str:
    """A file with one case of random records, settings and fates."""

    def fields(side: Side, share: float) -> str:
        chosen = [one for one in (program.crm if side == "crm" else program.m365).fields if chance.random() < share]
        return "".join(
            f"\n      {one.name} {write_value(some_value(chance, one.type), one.type, ZONE)}" for one in chosen
        )

    settings = [
        f"setting {spec.name} {chance.choice(spec.choices or ('yes', 'no'))}"
        for spec in program.settings
        if spec.kind in ("choice", "flag") and chance.random() < 0.5
    ]
    fate = chance.choice(FATES)
    entries = [f"crm{fields('crm', 0.8)}", f"m365{fields('m365', 0.8)}", fate, *settings]
    if fate == "":
        entries += [f"changed in crm{fields('crm', 0.3)}", f"changed in m365{fields('m365', 0.3)}"]
    extra = (f"another crm{fields('crm', 0.5)}", f"taken crm{fields('crm', 0.5)}", "first sync", "series of 2",
             f"elsewhere bob {chance.choice(('leads', 'copy', 'own'))}{fields('m365', 0.8)}")  # fmt: skip
    entries += [one for one in extra if chance.random() < 0.1]
    people = ['user ann "ann@firm.test"', 'connected bob "bob@firm.test"', 'colleague cat "cat@firm.test"']
    lines = [f'zone "{ZONE}"', f"clock {chance.choice(('2026-11-22 09:00', '2027-03-28 03:30'))}", *people]
    said = "".join(f"  {line}\n" for line in lines)
    return f'language 1\n\ncases {program.name}\n{said}\ncase "x"\n  ' + "\n  ".join(filter(None, entries))


ZONE: Final = "America/St_Johns"


@pytest.mark.parametrize("name", ["activities", "contacts", "tasks"])
def test_something_comes_of_any_case(name: str) -> None:
    """A hundred random cases of each rule file end without a crash; their outcomes, stored, are met."""
    program = read_folder(Path(__file__).parents[3] / "rules").programs[name]
    runs = runner(program, SCHEMAS, mailed)
    for seed in range(100):
        text = some_case(random.Random(f"{name} {seed}"), program)
        file, problems = read_cases("any.case", f"{text}\n  expect ?\n", {name: program}, SCHEMAS)
        assert problems == [], (seed, problems)
        ran = runs.run(file.cases[0], Listener(program))
        again, problems = read_cases("any.case", accepted(file, [ran], program), {name: program}, SCHEMAS)
        assert problems == [], (seed, problems)
        assert runs.run(again.cases[0]).passed, seed
