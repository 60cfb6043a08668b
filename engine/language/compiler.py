"""Rule files to Programs: every problem of every file in one run, or what the runner needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from engine.errors import UserError
from engine.language import checks, policies, source, syntax
from engine.language.checked import RuleSet
from engine.language.diagnostics import Note, Problem, Problems, RuleErrors
from engine.language.program import Program
from engine.language.resolve import resolve
from engine.language.source import LIMITS, Limits
from engine.schema import Schemas

SUFFIX = ".rules"


def compile_text(file_name: str, text: str | bytes, schemas: Schemas, limits: Limits = LIMITS) -> Program:
    """One rule file's Program. ``file_name`` is how messages call it. Raises RuleErrors with all its problems."""
    return compile_files({file_name: text}, schemas, limits)[0]


def compile_folder(folder: Path, schemas: Schemas) -> tuple[Program, ...]:
    """Programs of all ``*.rules`` files of a folder, sorted by name.

    Raises RuleErrors with the problems of all files, UserError when there is nothing to read.
    """
    return compile_files({path.name: _read(path) for path in rule_files(folder)}, schemas)


def rule_files(folder: Path) -> list[Path]:
    """All ``*.rules`` files of a folder, sorted by name; UserError when there is none."""
    if not folder.is_dir():
        raise UserError(f"There is no rules folder {folder}.", "Name the folder that holds your *.rules files.")
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == SUFFIX and not path.name.startswith("."))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"The rules folder {folder} can't be read: {reason}.", "Check its permissions.") from error
    if not paths:
        raise UserError(
            f"The folder {folder} holds no rule files.", f"Rule files end in {SUFFIX}; put at least one there."
        )
    return paths


def compile_files(files: Mapping[str, str | bytes], schemas: Schemas, limits: Limits = LIMITS) -> tuple[Program, ...]:
    """Programs of several files by name, in the order given. Raises RuleErrors with the problems of all."""
    drafts = [_draft(name, text, schemas, limits) for name, text in files.items()]
    found = [problem for draft in drafts for problem in draft.problems]
    found += _same_pairs(drafts)
    programs = [draft.program for draft in drafts if draft.program is not None]
    if found or len(programs) != len(drafts):
        raise RuleErrors(found, {draft.file: draft.text for draft in drafts})
    return tuple(programs)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LIMITS.file_bytes + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(
            f"The rule file {path} can't be read: {reason}.", "Check that it is a file you may read."
        ) from error


class _Draft(Struct, frozen=True):
    file: str
    text: str
    problems: Problems
    rules: RuleSet | None = None
    program: Program | None = None


def _draft(file: str, given: str | bytes, schemas: Schemas, limits: Limits) -> _Draft:
    """Everything that one file can tell by itself."""
    problems = Problems()
    data = given.encode("utf-8", "surrogatepass") if isinstance(given, str) else given
    text = source.decode(file, data, problems, limits)
    if problems:
        return _Draft(file, "\n".join(data.decode("utf-8", "replace").split("\n")[:1000]), problems)
    cut = source.cut(file, text, problems, limits)
    tree = syntax.parse(cut, problems)
    resolved = resolve(tree, schemas, problems, limits) if tree else None
    if resolved is None:
        return _Draft(file, cut.text, problems)
    rules = policies.rule_set(resolved, problems)
    if not problems:
        return _Draft(file, cut.text, problems, rules, checks.finish(rules, cut.text, problems))
    _check_what_is_there(rules, problems)
    return _Draft(file, cut.text, problems, rules)


def _check_what_is_there(rules: RuleSet, problems: Problems) -> None:
    """Types can be judged although entries are missing; whether tables and sections are complete can't."""
    more = Problems()
    checks.check(rules, more)
    for problem in more:
        if problem.code.startswith("T3"):
            problems.add(problem.code, problem.span, problem.message, problem.hint, *problem.notes)


def _same_pairs(drafts: Sequence[_Draft]) -> list[Problem]:
    """Two files that keep the same pair of records in step, or carry the same name, would work against each other."""
    found = []
    seen: dict[tuple[str, ...], RuleSet] = {}
    for rules in (draft.rules for draft in drafts if draft.rules is not None):
        pair = (f"{rules.crm.side}.{rules.crm.kind}", f"{rules.m365.side}.{rules.m365.kind}")
        for key, what in ((pair, f"keeps {pair[0]} and {pair[1]} in step"), ((rules.name,), f"is called {rules.name}")):
            first = seen.setdefault(key, rules)
            if first is not rules:
                found.append(
                    Problem(
                        "T502", rules.entry.span, f"Another file {what} already.",
                        "Join the two files, or remove one.", (Note(first.entry.span, "The other one stands here."),),
                    )
                )  # fmt: skip
                break
    return found
