"""Generated code holds nothing but what the generator means to write, and does what the lenses say."""

from __future__ import annotations

import ast
from dataclasses import dataclass

import invented_systems as invented
import pytest
import task_records as tasks
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.context import Context
from engine.language import policies, source, syntax
from engine.language.checks import check
from engine.language.codegen.generate import FUNCTIONS, Generator
from engine.language.codegen.nodes import ALLOWED, ATTRIBUTES
from engine.language.diagnostics import Problems
from engine.language.program import Program
from engine.language.resolve import resolve
from engine.lenses.base import Untranslatable
from engine.records import M365, NO_BASE, NOT_FETCHED, Absence, Record, Reference, Side, Value
from engine.schema import Schemas, steps

HOSTILE = "__import__('os').system('true') # {0} %s \\ \\n ); import os"


def generator(text: str, schemas: Schemas = invented.SCHEMAS) -> Generator:
    problems = Problems()
    tree = syntax.parse(source.cut("tickets.rules", text, problems), problems)
    assert tree is not None
    resolved = resolve(tree, schemas, problems)
    assert resolved is not None
    made = Generator(check(policies.rule_set(resolved, problems), problems))
    assert not list(problems)
    made.write()
    return made


@pytest.fixture(scope="module", params=["as shipped", "hostile text", "tasks"])
def module(request: pytest.FixtureRequest) -> Generator:
    """The invented rules, the same with text that looks like code wherever a rule may hold text, and the shipped rules
    of tasks."""
    text = invented.RULES
    if request.param == "tasks":
        return generator(tasks.RULES, tasks.SCHEMAS)
    if request.param == "hostile text":
        text = text.replace('"not mine"', f'"{HOSTILE}"').replace('"Ticket"', f'"{HOSTILE}"')
    return generator(text)


def test_only_allowed_nodes_are_generated(module: Generator) -> None:
    """Node types, attributes and names come from closed lists; strings are constants and never names."""
    tree = module.module.tree()
    values = set(module.module.globals) - {"__builtins__"}
    for node in ast.walk(tree):
        assert isinstance(node, ALLOWED), type(node).__name__
        if isinstance(node, ast.Attribute):
            assert node.attr in ATTRIBUTES
        if isinstance(node, ast.Constant):
            assert node.value is None or isinstance(node.value, bool | int | str)
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        local = {argument.arg for argument in function.args.args}
        local |= {
            node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        assert used <= local | values
        assert all(name.isascii() and name.isidentifier() for name in used)


def test_what_the_code_looks_at_is_told(module: Generator) -> None:
    """Every field that generated code reads of a record, or that a map line names, is among those to be read."""
    read = {
        (call.args[0].id, call.args[1].value)
        for call in ast.walk(module.module.tree())
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "read"
        if isinstance(call.args[0], ast.Name) and isinstance(call.args[1], ast.Constant)
    }
    program = module.program("text")
    told = {(side, name) for side, names in program.reads.items() for name in names}
    mapped = {
        (side, steps(path)[0].name)
        for line in program.lines
        for side, path in (("crm", line.crm_path), ("m365", line.m365_path))
        if path
    }
    assert read | mapped <= told
    assert {("crm", name) for name in program.crm.title} <= told
    assert all(name in (program.crm if side == "crm" else program.m365).by_name for side, name in told)


def test_globals_are_chosen_functions_and_values(module: Generator) -> None:
    """There are no builtins; beside the listed functions only ready-made values with numbered names."""
    found = module.module.globals
    assert found["__builtins__"] == {}
    made = {name for name in found if name not in FUNCTIONS and name != "__builtins__"}
    assert {name.rstrip("0123456789") for name in made} <= {"reason_", "choice_", "rival_", "direction_", "lens_"}


def test_every_node_has_a_place_in_the_rule_file(module: Generator) -> None:
    """Line numbers are those of the rule file, and map lines carry their own."""
    text = tasks.RULES if module.rules.name == "tasks" else invented.RULES
    for node in ast.walk(module.module.tree()):
        if isinstance(node, ast.expr | ast.stmt):
            assert 1 <= node.lineno <= len(text.split("\n"))
    moved = next(node for node in module.module.body if isinstance(node, ast.FunctionDef) and node.name == "moved")
    lines = {node.lineno for node in ast.walk(moved) if isinstance(node, ast.If)}
    shown = [written.strip().split()[0] for number, written in enumerate(text.split("\n"), 1) if number in lines]
    assert shown == MAPPED[module.rules.name]


MAPPED = {
    "tickets": [
        "subject", "status", "private", "colour", "colour", "reporter", "phone", "due", "starts", "notes", "points",
        "shelf",
    ],
    "tasks": [
        "subject", "taskstatus", "date_start", "date_start", "description", "description", "tasklist", "users", "users",
    ],
}  # fmt: skip
"""What each file maps for good, in its order."""


# ---- inlined code is the lens --------------------------------------------------------------------------------------

texts = st.none() | st.sampled_from(["", " a ", "x\r\ny", "s" * 41, "\r", "Zoë"]) | st.text(max_size=45)
PATHS: dict[str, st.SearchStrategy[Value]] = {
    "subject": texts, "title": texts, "reporter": texts, "mails[1].address": texts, "phone": texts, "phones[1]": texts,
    "status": st.sampled_from([None, "Not Started", "In Progress", "On Hold", "Done", "Cancelled"]),
    "percent": st.none() | st.integers(0, 100), "private": st.none() | st.booleans(),
    "sensitivity": st.sampled_from([None, "normal", "personal", "private", "confidential"]),
    "colour": st.sampled_from([None, "red", "green"]), "shade": st.sampled_from([None, "red", "green", "blue"]),
    "due": st.sampled_from([None, "2026-01-01"]), "dueOn": st.sampled_from([None, "2026-01-02"]),
    "points": st.none() | st.integers(), "notes": texts, "text": texts,
    "shelf": st.none() | st.builds(Reference, st.just("s1"), st.sampled_from(["Top", " ", "x" * 21])),
    "shelfName": texts,
}  # fmt: skip
rows = st.fixed_dictionaries({}, optional=PATHS)


people = st.none() | st.lists(st.sampled_from(["u1", "u2", "u9"]), max_size=3).map(tuple)
accounts = st.none() | st.lists(st.sampled_from(["a1", "a2", "a9"]), max_size=3).map(tuple)
instants = st.sampled_from([None, "2026-11-22T09:00:00Z", "2026-11-25T23:30:00Z"])
TASK_PATHS: dict[str, st.SearchStrategy[Value]] = {
    "subject": texts, "title": texts, "description": texts, "details.description": texts,
    "taskstatus": st.sampled_from([None, "Not Started", "On Hold", "Done", "Waiting"]),
    "percentComplete": st.none() | st.integers(0, 100), "date_start": instants, "dueDateTime": instants,
    "tasklist": st.sampled_from([None, tasks.IN_PLANNER, tasks.OWN_LIST]),
    "bucket": st.sampled_from([None, tasks.TO_DO]), "users": people, "assignments": accounts,
    "assigned_user_id": st.sampled_from([None, "u1", "u2", "u9"]),
}  # fmt: skip
task_rows = st.fixed_dictionaries({}, optional=TASK_PATHS)


@dataclass(frozen=True)
class Case:
    """A program with records to try it on."""

    program: Program
    context: Context
    rows: st.SearchStrategy[dict[str, Value]]


CASES = {
    "invented": Case(invented.compiled_once(), invented.context(), rows),
    "tasks": Case(tasks.program(), tasks.context(), task_rows),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


@each_case
@pytest.mark.parametrize("side", ["crm", "m365"])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_project_is_the_lenses_line_by_line(case: Case, side: Side, data: st.DataObject) -> None:
    """The generated projection equals calling each unguarded line's lens on a new record."""
    program, context, values = case.program, case.context, data.draw(case.rows)
    expected: dict[str, Value] = {}
    for line in program.lines:
        given_path, path = (line.crm_path, line.m365_path) if side == M365 else (line.m365_path, line.crm_path)
        writes = line.to_m365 if side == M365 else line.to_crm
        if given_path is None or path is None or not writes or line.guard or line.on_first_sync:
            continue
        value = line.carried("crm" if side == M365 else "m365", values)
        if isinstance(value, Absence) or path in expected:
            continue
        if value is None:
            expected[path] = None
            continue
        put = line.lens.to_m365 if side == M365 else line.lens.to_crm
        try:
            expected[path] = put(value, None, context)
        except Untranslatable:
            continue
    assert program.project[side](values, context) == expected


@each_case
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_moved_is_the_comparison_with_the_base(case: Case, data: st.DataObject) -> None:
    """The generated comparison equals comparing every lasting path-to-path line with its base, and what is added to
    a list with its own."""
    program = case.program
    crm, m365, crm_base, m365_base = (data.draw(case.rows) for _ in range(4))
    expected = [
        index
        for index, line in enumerate(program.lines)
        if line.crm_path in crm and line.m365_path in m365 and not line.on_create
        if crm[line.crm_path] != crm_base.get(line.crm_path, NO_BASE)
        or m365[line.m365_path] != m365_base.get(line.m365_path, NO_BASE)
        or (line.added is not None and crm.get(line.added, NOT_FETCHED) != crm_base.get(line.added, NO_BASE))
    ]
    assert program.moved(crm, m365, crm_base, m365_base) == expected


def test_a_chain_of_conditional_defines_stays_linear() -> None:
    """Defines that build on each other are written once and asked once, however long the chain is."""
    chain = ["  d0   crm.private"]
    chain += [f"  d{k}   crm.points is {k} when d{k - 1}, else not d{k - 1} and m365.hidden" for k in range(1, 9)]
    text = invented.RULES.replace("define\n", "define\n" + "\n".join(chain) + "\n").replace("when not over", "when d8")
    made = generator(text)
    assert sum(1 for _ in ast.walk(made.module.tree())) < 20_000
    guard = next(line.guard for line in invented.compiled(text).lines if line.entry.endswith("starts<->startsAt"))
    assert guard is not None
    cases = [(private, points, hidden) for private in (True, False) for points in range(10) for hidden in (True, False)]
    for private, points, hidden in cases:
        expected = private
        for k in range(1, 9):
            expected = points == k if expected else (not expected and hidden)
        crm, m365 = invented.ticket(private=private, points=points), invented.card(hidden=hidden)
        assert guard(crm, m365, invented.context()) is expected


def test_a_define_over_something_unknown_is_unknown() -> None:
    """Where the condition of a define is not known, neither the define nor its negation holds."""
    rules = invented.RULES.replace("when not over", "when private")
    negated = invented.RULES.replace("when not over", "when not private")
    unknown = invented.ticket(private=True)
    values = {name: value for name, value in unknown.values.items() if name != "due"}
    for text in (rules, negated):
        guard = next(line.guard for line in invented.compiled(text).lines if line.entry.endswith("starts<->startsAt"))
        assert guard is not None
        assert not guard(Record("crm", "Ticket", "t", "1", values), None, invented.context())
