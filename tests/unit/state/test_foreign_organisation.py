"""No function of this room reads or writes anything of an organisation that wasn't named."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

import state.accounts
import state.journal
import state.organisations
import state.secrets
import state.spaces
from engine.errors import TandemError
from engine.links import Base
from engine.port import Ended, Feeds, Fence, LinkChange
from state import tables
from state.database import reading
from state.journal import Run
from state.organisations import Organisation, SettingChange
from state.secrets import TokenCaches, create_key_file
from state.spaces import Tick
from state.store import SqlState
from tests.contract.state_contract import FULL_LINK, KIND, Clock, make_account, make_intent, make_key, make_link

CLOCK = Clock()
#: What concerns the installation as a whole, or makes an organisation.
OF_THE_INSTALLATION = {"organisations", "create_organisation", "rotate"}
#: Works inside a transaction that one of the others opened.
PARTS = {"require"}

Call = Callable[[sa.Engine, str, TokenCaches], object]


def _sql(engine: sa.Engine, org: str) -> SqlState:
    return SqlState(engine, org, CLOCK)


FENCE = Fence("anna", "holder", 1)
RUN = Run(id="run-1", space="anna", kind=KIND, cause="tick", now=1, rules="", started=1)
SETTING = SettingChange(rule_file=KIND, name="direction", value="off", changed_by="x", changed_at=1)

CALLS: dict[str, Call] = {
    "hold": lambda engine, org, _: _sql(engine, org).hold("anna", "other", CLOCK.now + 10**9, 10**12),
    "renew": lambda engine, org, _: _sql(engine, org).renew(FENCE, 10**12),
    "release": lambda engine, org, _: _sql(engine, org).release(FENCE),
    "feeds": lambda engine, org, _: _sql(engine, org).feeds("anna", KIND) != Feeds(),
    "links": lambda engine, org, _: [
        *_sql(engine, org).links("anna", KIND),
        *_sql(engine, org).links("anna", KIND, ["m1"], ["c1"]),
    ],
    "parked": lambda engine, org, _: list(_sql(engine, org).parked("anna", KIND, 10**12)),
    "peers": lambda engine, org, _: list(_sql(engine, org).peers("ben", KIND, ["meeting"], [FULL_LINK.crm_id or ""])),
    "by_keys": lambda engine, org, _: list(_sql(engine, org).by_keys("anna", KIND, FULL_LINK.keys)),
    "open_intents": lambda engine, org, _: _sql(engine, org).open_intents("anna", KIND),
    "claim": lambda engine, org, _: _sql(engine, org).claim(FENCE, KIND, [make_key("x")], 1, 10**12),
    "intend": lambda engine, org, _: _sql(engine, org).intend(FENCE, "run-1", [make_intent(9)]),
    "finish": lambda engine, org, _: _sql(engine, org).finish(
        FENCE, KIND, [Ended("action-1", "done")], [LinkChange(FULL_LINK.id, None)], [make_key("x")]
    ),
    "advance": lambda engine, org, _: _sql(engine, org).advance(FENCE, KIND, Feeds(), Feeds({}, "b"), ()),
    "find_organisation": lambda engine, org, _: state.organisations.find_organisation(engine, org),
    "change_organisation": lambda engine, org, _: state.organisations.change_organisation(
        engine, Organisation(id=org, name="x", tenant_id="x")
    ),
    "change_setting": lambda engine, org, _: state.organisations.change_setting(engine, org, SETTING),
    "settings": lambda engine, org, _: state.organisations.settings(engine, org, KIND),
    "connect_account": lambda engine, org, _: state.accounts.connect_account(
        engine, org, make_account("mine", "anna"), 1
    ),
    "pause_account": lambda engine, org, _: state.accounts.pause_account(engine, org, "anna", "x"),
    "disconnect_account": lambda engine, org, _: state.accounts.disconnect_account(engine, org, "anna"),
    "forget_account": lambda engine, org, _: state.accounts.forget_account(engine, org, "gone"),
    "accounts": lambda engine, org, _: state.accounts.accounts(engine, org),
    "account_of": lambda engine, org, _: state.accounts.account_of(engine, org, "user anna"),
    "spaces": lambda engine, org, _: state.spaces.spaces(engine, org),
    "share_space": lambda engine, org, _: state.spaces.share_space(engine, org, "planner", 1),
    "find_space": lambda engine, org, _: state.spaces.find_space(engine, org, "anna"),
    "due_spaces": lambda engine, org, _: state.spaces.due_spaces(engine, org, 10**12),
    "note_tick": lambda engine, org, _: state.spaces.note_tick(engine, org, "anna", Tick(at=1, result="x", next_at=1)),
    "make_due": lambda engine, org, _: state.spaces.make_due(engine, org, "anna", 1),
    "pause_space": lambda engine, org, _: state.spaces.pause_space(engine, org, "anna", "x"),
    "resume_space": lambda engine, org, _: state.spaces.resume_space(engine, org, "anna", 1),
    "record_run": lambda engine, org, _: state.journal.record_run(engine, org, replace(RUN, outcome="x")),
    "runs": lambda engine, org, _: [
        *state.journal.runs(engine, org),
        *state.journal.runs(engine, org, "anna"),
    ],
    "find_run": lambda engine, org, _: state.journal.find_run(engine, org, "run-1"),
    "entries_of_run": lambda engine, org, _: state.journal.entries_of_run(engine, org, "run-1"),
    "entries_of_record": lambda engine, org, _: state.journal.entries_of_record(engine, org, "c1"),
    "links_of_record": lambda engine, org, _: state.journal.links_of_record(engine, org, "c1"),
    "parked_links": lambda engine, org, _: state.journal.parked_links(engine, org),
    "settle_held": lambda engine, org, _: state.journal.settle_held(engine, org, FULL_LINK, "create", 10**12),
    "load": lambda engine, org, caches: caches.load(org, "anna").content,
    "store": lambda engine, org, caches: caches.store(org, "anna", "stolen", 1),
}


@pytest.fixture(scope="module")
def caches(engine: sa.Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenCaches]:
    """An installation with one organisation that has a row in every table, and an empty second one."""
    path: Path = tmp_path_factory.mktemp("key") / "tandem.key"
    caches = TokenCaches(engine, create_key_file(path))
    state.organisations.create_organisation(engine, Organisation(id="mine", name="Mine", tenant_id="tenant of mine"))
    state.organisations.create_organisation(engine, Organisation(id="empty", name="Empty"))
    for id in ("anna", "gone"):
        state.accounts.connect_account(engine, "mine", make_account("mine", id), 1)
    state.accounts.disconnect_account(engine, "mine", "gone")
    state.organisations.change_setting(engine, "mine", replace(SETTING, value="both"))
    caches.store("mine", "anna", "secret", 0)
    store = _sql(engine, "mine")
    assert store.hold("anna", "holder", CLOCK.now, 10**11) == FENCE
    store.claim(FENCE, KIND, [make_key("x")], 1, 10**11)
    store.intend(FENCE, "run-1", [make_intent(1)])
    links = [LinkChange(FULL_LINK.id, FULL_LINK, Base({"a": 1}, {})), LinkChange("second", make_link(2, id="second"))]
    assert store.advance(FENCE, KIND, Feeds(), Feeds({("crm", ""): "7"}, "basis", "access"), links)
    state.journal.record_run(engine, "mine", RUN)
    yield caches


def contents(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    with reading(engine) as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for table in tables.ALL
        }


def test_every_function_is_tried() -> None:
    """No function that takes an engine, and no method of the store, is missing below."""
    modules = (state.accounts, state.organisations, state.spaces, state.journal, state.secrets)
    functions = {
        name
        for module in modules
        for name, found in inspect.getmembers(module, inspect.isfunction)
        if found.__module__ == module.__name__
        and not name.startswith("_")
        and {"engine", "connection"} & inspect.signature(found).parameters.keys()
    }
    methods = {
        name
        for kind in (SqlState, TokenCaches)
        for name, _ in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }
    assert functions | methods == CALLS.keys() | OF_THE_INSTALLATION | PARTS


def test_every_table_has_something_to_find(engine: sa.Engine, caches: TokenCaches) -> None:
    """The tests below would notice a row of any table."""
    assert [name for name, rows in contents(engine).items() if not rows] == []


@pytest.mark.parametrize("foreign", ["nobody", "", "mine "])
@pytest.mark.parametrize("name", CALLS)
def test_an_unknown_organisation_reaches_nothing(
    engine: sa.Engine, caches: TokenCaches, name: str, foreign: str
) -> None:
    """With an organisation that isn't there each function finds nothing or refuses, and writes nothing at all."""
    before = contents(engine)
    try:
        found = CALLS[name](engine, foreign, caches)
    except TandemError:
        found = None
    assert not found
    assert contents(engine) == before


@pytest.mark.parametrize("name", sorted(CALLS.keys() - {"find_organisation", "change_organisation", "change_setting"}))
def test_another_organisation_reaches_nothing(engine: sa.Engine, caches: TokenCaches, name: str) -> None:
    """An organisation that is there, but has nothing, finds nothing of its neighbour under the neighbour's ids."""
    before = contents(engine)
    try:
        found = CALLS[name](engine, "empty", caches)
    except TandemError:
        found = None
    assert not found
    assert contents(engine) == before
