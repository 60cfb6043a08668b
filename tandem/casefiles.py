"""Case files of a rule folder: found, read with the rules they are about, run, and written back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.cases.coverage import Coverage, Listener
from engine.cases.model import SUFFIX, CaseFile
from engine.cases.parse import read_cases
from engine.cases.run import Ran, runner
from engine.errors import UserError
from engine.language.compiler import compile_folder
from engine.language.diagnostics import RuleErrors
from engine.language.program import Program
from engine.language.source import LIMITS
from graph_client.effects import mailed
from tandem.rulefiles import SCHEMAS, by_name

FOLDER: Final = "cases"
"""Where the cases of a rule folder are, in it."""
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Cases:
    """The rules of a folder, and the case files that are run against them with their paths."""

    programs: Mapping[str, Program]
    files: Sequence[tuple[Path, CaseFile]]


@dataclass(frozen=True, slots=True)
class Results:
    """What came of the cases that ran, by file, and what they exercise of each rule file."""

    ran: Sequence[tuple[Path, CaseFile, tuple[Ran, ...]]]
    coverage: Mapping[str, Coverage]

    @property
    def all(self) -> list[Ran]:
        return [one for _, _, ran in self.ran for one in ran]


def read_folder(rules: Path, only: Path | None = None) -> Cases:
    """The cases of a rule folder, or of one file or folder of cases. Raises RuleErrors with every problem of the rules,
    or of the cases; UserError where there is nothing."""
    programs = by_name(compile_folder(rules, SCHEMAS))
    place = only or rules / FOLDER
    paths = [place] if place.is_file() else sorted(place.glob(f"*{SUFFIX}"))
    if not paths:
        raise UserError(
            f"There are no cases in {place}.",
            f"Cases are files that end in {SUFFIX}, in the folder {FOLDER} of the rules.",
        )
    found, problems, sources = [], [], {}
    for path in paths:
        name = f"{path.parent.name}/{path.name}"
        file, wrong = read_cases(name, _read(path), programs, SCHEMAS)
        found.append((path, file))
        problems += wrong
        sources[name] = file.text
    if problems:
        raise RuleErrors(problems, sources)
    return Cases(programs, found)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LIMITS.file_bytes + 1)
    except OSError as problem:
        raise UserError(f"{path} can't be read: {problem.strerror}.", "Name a case file, or a rule folder.") from None


def run_cases(cases: Cases, text: str = "") -> Results:
    """Run the cases whose name, or whose file's, contains this text; case does not matter."""
    listeners = {name: Listener(program) for name, program in cases.programs.items()}
    runners = {name: runner(program, SCHEMAS, mailed) for name, program in cases.programs.items()}
    ran = []
    for path, file in cases.files:
        chosen = [one for one in file.cases if text.casefold() in f"{path.name} {one.name}".casefold()]
        ran.append(
            (path, file, tuple(runners[file.rules].run(one, listeners[file.rules]) for one in chosen))
        )  # fmt: skip
    about = dict.fromkeys(file.rules for _, file in cases.files)
    return Results(ran, {name: listeners[name].coverage() for name in about})


def write_back(path: Path, text: str) -> None:
    """Replace a case file, whole or not at all; its mode and its byte order mark stay."""
    mark = _BOM if path.read_bytes().startswith(_BOM) else b""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(mark + text.encode("utf-8"))
    part.chmod(path.stat().st_mode & 0o777)
    part.replace(path)
