"""The rows that need no mailbox: mapping a record, parsing rules, starting the command line."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter
from typing import Final

from engine.language import source, syntax
from engine.language.diagnostics import Problems
from engine.resources import rules
from tests.bench import map_record
from tests.bench.figures import Figure
from tests.bench.process import BenchError, measured

LINES: Final = 300
TIMES: Final = 7
TANDEM: Final = "import sys; from tandem.cli.main import main; sys.exit(main())"
_TOKEN: Final = re.compile(r'\s+|#.*|"[^"]*"|<->|->|<-|\w+(?:[.\[]\w+\]?)*|[^\s\w]')


def mapping() -> Iterator[Figure]:
    found = {name: float(str(value)) for name, value in map_record.measure().items()}
    ours, by_hand = found["project µs"] + found["moved µs"], found["project by hand µs"] + found["moved by hand µs"]
    yield Figure("map one record through the compiled rules", ours, by_hand, 2 * by_hand, "µs", found)


def parsing() -> Iterator[Figure]:
    text = _long_rules()
    problems = Problems()
    if syntax.parse(source.cut("long.rules", text, problems), problems) is None or problems:
        raise BenchError("the long rule file has mistakes")
    ours = _middle(lambda: syntax.parse(source.cut("long.rules", text, problems), problems))
    yield Figure(f"parse {LINES} lines of rules", ours * 1000, _middle(lambda: _tokens(text)) * 1000, 80.0, "ms")


def _long_rules() -> str:
    """The shipped rules with map lines of many more fields."""
    lines = (rules() / "contacts.rules").read_text("utf-8").splitlines()
    place = lines.index("map") + 1
    more = [f"  field_{number}  <->  other{number}.part[{number % 3 + 1}]" for number in range(LINES - len(lines))]
    return "\n".join([*lines[:place], *more, *lines[place:]]) + "\n"


def _tokens(text: str) -> list[tuple[int, int, str]]:
    """What a hand-made reader would at least do: words with their positions, line by line."""
    return [
        (number, token.start(), token.group())
        for number, line in enumerate(text.splitlines(), start=1)
        for token in _TOKEN.finditer(line)
        if not token.group().isspace()
    ]


def _middle(work: Callable[[], object]) -> float:
    times = []
    for _ in range(TIMES):
        began = perf_counter()
        work()
        times.append(perf_counter() - began)
    return median(times)


def starting() -> Iterator[Figure]:
    """Interleaved, so that a busy machine treats all alike."""
    commands = {
        "bare": [sys.executable, "-c", "pass"],
        "help": [sys.executable, "-c", TANDEM, "--help"],
        "check": [sys.executable, "-c", TANDEM, "check", str(rules())],
    }
    for command in commands.values():
        measured(command)
    runs = [{name: measured(command).wall * 1000 for name, command in commands.items()} for _ in range(TIMES)]
    bare, shown, checked = (median(run[name] for run in runs) for name in commands)
    yield Figure("tandem --help (against bare Python)", shown, bare, 100.0, "ms")
    yield Figure("tandem check rules/ (against bare Python)", checked, bare, 250.0, "ms")


ROWS: Final[dict[str, Callable[[], Iterator[Figure]]]] = {"map": mapping, "parse": parsing, "start": starting}
