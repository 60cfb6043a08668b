"""The walls of the house: who may import whom, what the engine must not know, and how large things may grow."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

import pytest

import crm.fields
import graph_client.fields
from engine.schema import Schema

ROOT = Path(__file__).parents[3]

MAY_IMPORT: dict[str, set[str]] = {
    "engine": set(),
    "graph_client": {"engine"},
    "crm": {"engine"},
    "state": {"engine"},
    "graph_emulator": set(),
    "tandem": {"engine", "graph_client", "crm", "state"},
}
#: The only modules that may start the emulator.
EMULATOR_DOORS = ("tandem/demo*.py", "tandem/demo/*.py", "tandem/cli/*.py")

#: What the engine may use besides the standard library, and where.
ENGINE_LIBRARIES = {"lark": "engine/*.py", "msgspec": "engine/*.py", "phonenumbers": "engine/lenses/*.py"}

#: The world outside: an engine that reaches for one of these cannot be replayed.
IMPURE_MODULES = {"time", "random", "secrets", "socket", "subprocess", "urllib", "http"}
IMPURE_CALLS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "uuid.uuid1", "uuid.uuid4"}
IMPURE_CALLS |= {"os.urandom", "os.environ", "os.getenv"}
#: Finds the shipped rules and a private folder for derived tables; no decision depends on it.
ENVIRONMENT_READERS = {"engine/resources.py"}

#: Field names that are also terms of the engine, so that finding them there proves nothing. Keep this list short.
PLAIN_WORDS = {"children", "description", "email", "folder", "generation", "name", "other", "phone", "private"}
PLAIN_WORDS |= {"body", "calendar", "end", "plan", "start", "status", "title", "type", "users"}

LONGEST_FILE, LONGEST_FUNCTION = 600, 60

#: Exceptions from the type checker and the linter. Raise a number only together with the reason, in one commit.
MOST_TYPE_IGNORES, MOST_NOQA = 24, 6

TEXT_FILES = {".py", ".md", ".toml", ".txt", ".rules", ".lark", ".json", ".csv", ".ini", ".mako", ""}


@dataclass(frozen=True, slots=True)
class Module:
    """One source file: its path from the root and its text."""

    path: str
    text: str

    @property
    def room(self) -> str:
        return self.path.partition("/")[0]

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)


def modules(*rooms: str) -> list[Module]:
    """Every Python file of the rooms named, or of all of them."""
    found = [file for room in rooms or MAY_IMPORT for file in sorted((ROOT / room).rglob("*.py"))]
    assert found, f"no source below {rooms}"
    return [Module(file.relative_to(ROOT).as_posix(), file.read_text()) for file in found]


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of everything imported, also within functions and by `import_module("…")`."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=name, level=0):
                yield node.lineno, name or ""
            case ast.ImportFrom(module=name, level=level):
                package = module.path.removesuffix(".py").split("/")[:-level]
                assert package, f"{module.path}:{node.lineno} climbs out of its room"
                yield node.lineno, ".".join([*package, name or ""]).rstrip(".")
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]):
                if ast.unparse(function) in {"import_module", "importlib.import_module", "__import__"}:
                    yield node.lineno, name


def forbidden_imports(module: Module) -> Iterator[str]:
    """Imports of another room that the direction of the house does not allow."""
    door = any(fnmatch(module.path, pattern) for pattern in EMULATOR_DOORS)
    allowed = MAY_IMPORT[module.room] | {module.room} | ({"graph_emulator"} if door else set())
    for line, name in imports(module):
        room = name.partition(".")[0]
        if room in {*MAY_IMPORT, "tests", "scripts"} - allowed:
            yield f"{module.path}:{line} imports {name}"


def foreign_libraries(module: Module) -> Iterator[str]:
    """Libraries used in the engine beyond the few it may use."""
    for line, name in imports(module):
        library = name.partition(".")[0]
        if library in sys.stdlib_module_names or library == "engine":
            continue
        if not fnmatch(module.path, ENGINE_LIBRARIES.get(library, "")):
            yield f"{module.path}:{line} imports {library}"


@lru_cache(maxsize=1)
def _providers() -> Mapping[str, list[str]]:
    """Which distributions are behind an import: slow to find out, and the same for every module."""
    return importlib.metadata.packages_distributions()


def undeclared_libraries(module: Module, declared: set[str]) -> Iterator[str]:
    """Third-party imports that no dependency of the project provides by its own name."""
    providers = _providers()
    for line, name in imports(module):
        library = name.partition(".")[0]
        if library in sys.stdlib_module_names or library in MAY_IMPORT:
            continue
        if not declared & {_normal(provider) for provider in providers.get(library, [])}:
            yield f"{module.path}:{line} imports {library}"


def impurities(module: Module) -> Iterator[str]:
    """Uses of the clock, of chance, of the network or of the environment."""
    for line, name in imports(module):
        if name.partition(".")[0] in IMPURE_MODULES:
            yield f"{module.path}:{line} imports {name}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            name = ".".join(ast.unparse(node).split(".")[-2:])
            if name in IMPURE_CALLS and not (name == "os.environ" and module.path in ENVIRONMENT_READERS):
                yield f"{module.path}:{node.lineno} uses {name}"


def words(module: Module) -> Iterator[tuple[int, str]]:
    """Line and text of every identifier, and every word within a string that is not a docstring."""
    tree = module.tree
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.Constant(value=str(text)) if id(node) not in docstrings:
                yield from ((node.lineno, word) for word in re.findall(r"\w+", text))


def field_names() -> set[str]:
    """The names that only the two systems have: every `name` and wire `member` in their field tables."""
    tables = [table for system in (crm.fields, graph_client.fields) for table in vars(system).values()]
    rows = [row for table in tables if isinstance(table, tuple) for row in table]
    rows += [field for schema in tables if isinstance(schema, Schema) for field in schema.fields]
    names = {getattr(row, key, "") for row in rows for key in ("name", "member")}
    return {part for name in names for part in name.split(".")} - PLAIN_WORDS - {""}


def long_pieces(module: Module) -> Iterator[str]:
    """Files and functions beyond the size that one can still read in one go."""
    if (lines := module.text.count("\n")) > LONGEST_FILE:
        yield f"{module.path} has {lines} lines"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield f"{module.path}:{node.lineno} {node.name} has {lines} lines"


def prints(module: Module) -> Iterator[str]:
    """Calls of print outside the commands."""
    if module.path.startswith("tandem/cli/") or module.path.endswith("/__main__.py"):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
            yield f"{module.path}:{node.lineno} prints"


#: Addresses of one machine or one network: package indexes, home folders, work folders.
OF_ONE_MACHINE = re.compile(
    r"""
    (?<![\w/.])/(?:work|root|opt/pypi|home/\w+|Users/\w+)/
    | https?://[^\s"']*/simple\b
    | --(?:extra-)?index-url | --find-links
    """,
    re.VERBOSE,
)


def machine_addresses(path: str, text: str) -> Iterator[str]:
    """Places in a committed file that hold for one machine only."""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := OF_ONE_MACHINE.search(line):
            yield f"{path}:{number} {found[0]}"


def committed_files() -> Iterator[tuple[str, str]]:
    """Path and text of the project's own text files: not what .gitignore names, nor this file and its patterns."""
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text().split()]
    for file in _walk(ROOT, ignored):
        if file.suffix in TEXT_FILES and file != Path(__file__):
            yield file.relative_to(ROOT).as_posix(), file.read_text(errors="replace")


def _walk(folder: Path, ignored: list[str]) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.name == ".git" or any(fnmatch(entry.name, pattern) for pattern in ignored):
            continue
        if entry.is_dir():
            yield from _walk(entry, ignored)
        elif entry.is_file():
            yield entry


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _project() -> dict[str, list[str]]:
    project: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project


def _flat(findings: Iterable[Iterator[str]]) -> list[str]:
    return [line for found in findings for line in found]


def test_rooms_import_downwards_only() -> None:
    """The engine imports no room, rooms of one storey not each other, and nobody but demo and commands the emulator."""
    assert _flat(map(forbidden_imports, modules())) == []


def test_the_engine_needs_three_libraries() -> None:
    """The engine uses the standard library, Lark, msgspec for its values, and in its lenses the phone number tables."""
    assert _flat(map(foreign_libraries, modules("engine"))) == []


def test_every_library_is_declared() -> None:
    """What a room imports is named in pyproject.toml, not merely installed by luck."""
    declared = {_normal(re.split(r"[^\w.-]", entry)[0]) for entry in _project()["dependencies"]}
    assert _flat(undeclared_libraries(module, declared) for module in modules()) == []


def test_the_engine_is_pure() -> None:
    """Time, chance and settings come to the engine as arguments, so that every run can be replayed."""
    assert _flat(map(impurities, modules("engine"))) == []


def test_the_engine_knows_no_field_of_either_system() -> None:
    """Rules and field tables name fields; the engine only ever handles paths that it is given."""
    names = field_names()
    assert len(names) > 40, "the field tables were not read"
    found = [f"{m.path}:{line} {word}" for m in modules("engine") for line, word in words(m) if word in names]
    assert found == []


def test_nothing_grows_beyond_reading() -> None:
    """No file of the rooms passes 600 lines, no function 60."""
    assert _flat(map(long_pieces, modules())) == []


def test_only_commands_print() -> None:
    """Everything below the commands returns values."""
    assert _flat(map(prints, modules())) == []


def test_exceptions_from_the_checkers_stay_few() -> None:
    """Every `type: ignore` and `noqa` names what it excuses, and their number only grows on purpose."""
    text = "\n".join(module.text for module in modules())
    ignores, noqas = re.findall(r"# type: ignore(\[.+?\])?", text), re.findall(r"# noqa(: ?\w+)?", text)
    assert "" not in ignores and "" not in noqas
    assert len(ignores) <= MOST_TYPE_IGNORES
    assert len(noqas) <= MOST_NOQA


def test_no_address_of_one_machine_is_committed() -> None:
    """The project names no package index and no folder of the machine it was written on."""
    files = dict(committed_files())
    assert "pyproject.toml" in files
    assert _flat(machine_addresses(path, text) for path, text in files.items()) == []


@pytest.mark.parametrize("name", ["run.txt", "test.txt", "uv.txt"])
def test_requirements_are_locked_by_hash(name: str) -> None:
    """Every locked line is one exact version with hashes, and no option or address is among them."""
    text = (ROOT / "requirements" / name).read_text()
    entries = text.replace("\\\n", " ").splitlines()
    wrong = [entry for entry in entries if not re.fullmatch(r"[\w.-]+==\S+ (;.+?)? *(--hash=sha256:\w{64} *)+", entry)]
    assert entries and not wrong


def test_the_test_lock_holds_the_run_lock() -> None:
    """Tests run against the very versions that users run."""

    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[\w.-]+==\S+", (ROOT / "requirements" / name).read_text(), re.MULTILINE))

    assert pins("run.txt") <= pins("test.txt")


def _in(path: str, text: str) -> Module:
    return Module(path, text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("engine/x.py", "import crm"),
        ("engine/sync/x.py", "def f():\n    from state.store import Store"),
        ("engine/x.py", "import importlib\nimportlib.import_module('tandem.cli')"),
        ("crm/x.py", "from graph_client import fields"),
        ("graph_client/x.py", "import tandem"),
        ("graph_emulator/x.py", "from engine.records import Record"),
        ("tandem/tick.py", "import graph_emulator.server"),
        ("state/x.py", "from tests.support import postgres_server"),
    ],
)
def test_a_wall_broken_is_noticed(path: str, text: str) -> None:
    """The import check sees every way in which a module can reach another room."""
    assert len(list(forbidden_imports(_in(path, text)))) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tandem/demo.py", "import graph_emulator.server"),
        ("tandem/cli/emulator.py", "def f():\n    from graph_emulator import server"),
        ("engine/sync/x.py", "from ..records import Record\nfrom . import plan"),
        ("tandem/tick.py", "import engine.sync, state.store, crm.system, graph_client.system"),
    ],
)
def test_open_doors_stay_open(path: str, text: str) -> None:
    """The import check refuses nothing that the house allows."""
    assert list(forbidden_imports(_in(path, text))) == []


def test_broken_rules_of_the_engine_are_noticed() -> None:
    """Clocks, chance, foreign libraries, field names, long functions and prints are each found where planted."""
    clock = _in(
        "engine/x.py", "from datetime import datetime\nimport datetime as d\nx = datetime.now()\ny = d.date.today()"
    )
    assert len(list(impurities(clock))) == 2
    assert len(list(impurities(_in("engine/x.py", "import random\nfrom time import time")))) == 2
    assert len(list(foreign_libraries(_in("engine/x.py", "import requests, phonenumbers, lark")))) == 2
    assert list(foreign_libraries(_in("engine/lenses/x.py", "import phonenumbers"))) == []
    named = _in("engine/x.py", '"""about givenName"""\nx = row.mobilePhone\ny = "contact.givenName"\n')
    assert [word for _, word in words(named) if word in field_names()] == ["mobilePhone", "givenName"]
    long = "def f():\n" + "    x = 1\n" * LONGEST_FUNCTION
    assert len(list(long_pieces(_in("crm/x.py", long)))) == 1
    assert len(list(long_pieces(_in("crm/x.py", "x = 1\n" * (LONGEST_FILE + 1))))) == 1
    assert len(list(prints(_in("crm/x.py", "print(1)")))) == 1
    assert list(undeclared_libraries(_in("crm/x.py", "import pytest"), {"lark"})) == ["crm/x.py:1 imports pytest"]
    for line in ("see /work/x", "--index-url x", "https://mirror.example/simple/", "in /home/anna/x"):
        assert len(list(machine_addresses("x", line))) == 1, line
    assert list(machine_addresses("x", "home/work/other, https://graph.microsoft.com/v1.0")) == []
