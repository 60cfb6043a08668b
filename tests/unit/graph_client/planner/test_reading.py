"""Reading Planner over real HTTPS: rounds, sponsors, the catalogue, single tasks and details."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from graph_world import ANN, BOB
from planner_world import PlannerWorld

from engine.errors import SignInNeeded, Unavailable
from engine.port import Page
from engine.records import Barred, Gone, Record, Reference
from graph_client.planner.catalogue import LIFE, read_catalogue
from graph_client.planner.view import PlannerReader, PlannerWriter
from graph_client.system import GraphSystem

KIND = "plannerTask"
NONE = "cj0OT9wmB6oJ-VqtWRwMAAAAAZZZ"


def look(planner: PlannerWorld, system: GraphSystem) -> PlannerReader:
    """A fresh view, as each tick has."""
    view = system.reader(planner.space())
    assert isinstance(view, PlannerReader)
    return view


def first_round(view: PlannerReader) -> list[Page]:
    return list(view.changes(KIND, {str(one.id): None for one in view.collections(KIND)}))


def cursors(pages: Iterable[Page]) -> dict[str, str | None]:
    return {page.collection: page.cursor for page in pages if page.cursor is not None}


def titles(pages: Iterable[Page]) -> list[str]:
    return sorted(str(record.values["title"]) for page in pages for record in page.records)


def calls(planner: PlannerWorld) -> list[str]:
    """Paths asked for since the log was reset, without identifiers of plans."""
    logged = [str(one["path"]).removeprefix("/v1.0") for one in planner.world.control.log()]
    for name, id in planner.ids.items():
        logged = [path.replace(id, name) for path in logged]
    return [path for path in logged if not path.startswith("/organizations")]


def by_mailbox(planner: PlannerWorld) -> list[str]:
    return [str(one["mailbox"]) for one in planner.world.control.log() if one["path"].endswith("/tasks")]


# ---- rounds and the catalogue ----------------------------------------------------------------------------------


def test_collections_are_the_plans_behind_the_catalogue(planner: PlannerWorld, reader: PlannerReader) -> None:
    """The pseudo-collection comes first, then all plans that anybody sees."""
    assert reader.collections(KIND) == (
        Reference("", "Planner"), Reference(planner.ids["plan"], "Launch"), Reference(planner.ids["second"], "Office"),
    )  # fmt: skip


def test_an_idle_tick_asks_for_each_page_once(planner: PlannerWorld, system: GraphSystem) -> None:
    """One member asks for one page of each plan; the catalogue comes from its cursor, and all cursors stay."""
    planner.add("a")
    before = cursors(first_round(look(planner, system)))
    planner.world.control.reset("log")
    view = look(planner, system)
    pages = list(view.changes(KIND, before))
    view.collections(KIND)
    assert calls(planner) == ["/planner/plans/plan/tasks", "/planner/plans/second/tasks"]
    assert cursors(pages) == before
    assert titles(pages) == []
    assert not any(page.full for page in pages)


def test_a_plan_of_several_pages_is_one_request_a_page(planner: PlannerWorld, system: GraphSystem) -> None:
    """Four hundred tasks a page; an edit at the end brings its task alone."""
    rows = [{"title": f"T{n:04}", "bucketId": planner.ids["bucket"]} for n in range(810)]
    ids = planner.planner.create_tasks(planner.ids["plan"], rows)
    pages = first_round(look(planner, system))
    assert len(titles(pages)) == 810
    planner.planner.update_task(ids[3], title="edited")
    planner.world.control.reset("log")
    assert titles(look(planner, system).changes(KIND, cursors(pages))) == ["edited"]
    assert len(calls(planner)) == 4


def test_a_task_that_slips_to_another_page_is_not_gone(planner: PlannerWorld, system: GraphSystem) -> None:
    """Rows are paged by position: a deletion moves all that follow, and only the deleted one is a suspect."""
    rows = [{"title": f"T{n:04}", "bucketId": planner.ids["bucket"]} for n in range(450)]
    ids = planner.planner.create_tasks(planner.ids["plan"], rows)
    before = cursors(first_round(look(planner, system)))
    planner.planner.delete_task(ids[7])
    pages = list(look(planner, system).changes(KIND, before))
    assert [id for page in pages for id in page.gone] == [ids[7]]
    assert titles(pages) == []


def test_the_catalogue_is_asked_for_hourly(planner: PlannerWorld, system: GraphSystem) -> None:
    """A new plan, a new name: seen with the next catalogue, whose collection is then listed whole."""
    before = cursors(first_round(look(planner, system)))
    planner.planner.rename_plan(planner.ids["second"], "Yard")
    new = planner.planner.create_plan(planner.ids["group"], "Attic")["id"]
    view = look(planner, system)
    assert cursors(view.changes(KIND, before)) == before
    assert [one.name for one in view.collections(KIND)] == ["Planner", "Launch", "Office"]
    planner.world.waits.slept.append(LIFE)
    view = look(planner, system)
    after = read_catalogue(cursors(view.changes(KIND, before))[""])
    assert after is not None
    assert [plan.title for plan in after.plans] == ["Attic", "Launch", "Yard"]
    assert Reference(new, "Attic") in view.collections(KIND)


def test_an_unknown_bucket_is_asked_for_at_once(planner: PlannerWorld, system: GraphSystem) -> None:
    """A task in a bucket made a minute ago has its bucket's name."""
    before = cursors(first_round(look(planner, system)))
    bucket = planner.planner.create_bucket(planner.ids["plan"], "New")["id"]
    planner.add("a", bucketId=bucket)
    pages = list(look(planner, system).changes(KIND, before))
    (record,) = [record for page in pages for record in page.records]
    assert record.values["bucket"] == Reference(bucket, "Launch / New")
    assert cursors(pages)[""] != before[""]


def test_names_are_those_of_plans_and_buckets(planner: PlannerWorld, reader: PlannerReader) -> None:
    """Buckets are called by plan and name; other kinds have none here."""
    assert reader.names("plannerBucket", ["launch / TO DO"]) == {"launch / to do": (planner.reference("bucket"),)}
    assert reader.names("plannerPlan", ["office"]) == {"office": (Reference(planner.ids["second"], "Office"),)}
    assert reader.names("contactFolder", ["office"]) == {}


def test_premium_plans_are_not_there(planner: PlannerWorld, reader: PlannerReader) -> None:
    """The service hides them; nothing is made of it."""
    planner.planner.create_plan(planner.ids["group"], "Premium", premium=True)
    assert "Premium" not in [one.name for one in reader.collections(KIND)]


# ---- sponsors --------------------------------------------------------------------------------------------------


def test_a_plan_is_read_by_one_member(planner: PlannerWorld, system: GraphSystem) -> None:
    """The one with the lowest account id who sees it, whoever else does."""
    before = cursors(first_round(look(planner, system)))
    planner.world.control.reset("log")
    list(look(planner, system).changes(KIND, before))
    assert by_mailbox(planner) == [ANN, ANN]


def test_a_lost_sponsor_is_followed_by_the_next(planner: PlannerWorld, system: GraphSystem) -> None:
    """Ann leaves the group: Bob reads on from the same cursor, and is asked first from then on."""
    planner.add("a")
    before = cursors(first_round(look(planner, system)))
    planner.planner.remove_member(planner.ids["group"], ANN)
    planner.world.control.reset("log")
    pages = list(look(planner, system).changes(KIND, before))
    assert by_mailbox(planner) == [ANN, BOB, ANN, BOB]
    assert titles(pages) == []
    assert not any(page.gone or page.full for page in pages)
    planner.world.control.reset("log")
    list(look(planner, system).changes(KIND, cursors(pages)))
    assert by_mailbox(planner) == [BOB, BOB]


def test_without_a_sponsor_a_plan_waits(planner: PlannerWorld, system: GraphSystem) -> None:
    """Nobody sees it any more: nothing is called gone, its cursor stays, and its tasks are barred."""
    id = planner.add("a")
    before = cursors(first_round(look(planner, system)))
    for upn in (ANN, BOB):
        planner.planner.remove_member(planner.ids["group"], upn)
    view = look(planner, system)
    pages = list(view.changes(KIND, before))
    assert not any(page.gone or page.records or page.full for page in pages)
    assert {id: cursor for id, cursor in cursors(pages).items() if id} == {id: c for id, c in before.items() if id}
    assert Reference(planner.ids["plan"], "Launch") in view.collections(KIND)
    assert list(view.read(KIND, [id])) == [Barred("m365", KIND, id)]


def test_a_sign_in_that_ended_pauses_nobody_else(planner: PlannerWorld, system: GraphSystem) -> None:
    """Bob goes on with what he sees; Ann is reported, and what only she sees is not gone."""
    group = planner.planner.create_group("Ann's", [ANN])["id"]
    alone = planner.planner.create_plan(group, "Alone", by=ANN)["id"]
    planner.add("shared")
    before = cursors(first_round(look(planner, system)))
    planner.world.control.revoke_sign_in(ANN)
    planner.add("new")
    planner.world.waits.slept.append(LIFE)
    view = look(planner, system)
    pages = list(view.changes(KIND, before))
    assert titles(pages) == ["new", "shared"]
    assert cursors(pages)[alone] == before[alone]
    assert Reference(alone, "Alone") in view.collections(KIND)
    troubles = system.troubles(planner.space())
    assert list(troubles) == [planner.account(ANN)]
    assert isinstance(troubles[planner.account(ANN)], SignInNeeded)


def test_with_nobody_signed_in_a_sign_in_is_needed(planner: PlannerWorld, system: GraphSystem) -> None:
    """The space pauses; nothing is answered."""
    for upn in (ANN, BOB):
        planner.world.control.revoke_sign_in(upn)
    with pytest.raises(SignInNeeded):
        look(planner, system).collections(KIND)


def test_a_member_who_comes_brings_plans(planner: PlannerWorld, system: GraphSystem) -> None:
    """The catalogue is read again as soon as other people are members."""
    group = planner.planner.create_group("Bob's", [BOB])["id"]
    planner.planner.create_plan(group, "Bob's plan", by=BOB)
    alone = system.reader(planner.space(ANN))
    before = cursors(first_round(alone))  # type: ignore[arg-type]
    assert "Bob's plan" not in [one.name for one in alone.collections(KIND)]
    view = look(planner, system)
    list(view.changes(KIND, before))
    assert "Bob's plan" in [one.name for one in view.collections(KIND)]


def test_a_deleted_plan_has_no_pages_and_its_tasks_are_gone(planner: PlannerWorld, system: GraphSystem) -> None:
    """It is no collection any more; each task is proved gone by id."""
    id = planner.add("a")
    before = cursors(first_round(look(planner, system)))
    planner.planner.delete_plan(planner.ids["plan"])
    view = look(planner, system)
    pages = list(view.changes(KIND, before))
    assert planner.ids["plan"] not in [page.collection for page in pages]
    assert [one.name for one in view.collections(KIND)] == ["Planner", "Office"]
    assert list(view.read(KIND, [id])) == [Gone("m365", KIND, id)]


# ---- by id, and details ----------------------------------------------------------------------------------------


def test_reading_by_id_asks_in_batches(planner: PlannerWorld, reader: PlannerReader) -> None:
    """Twenty a call; deleted ones are gone, mangled ids prove nothing."""
    rows = [{"title": f"T{n}", "bucketId": planner.ids["bucket"]} for n in range(30)]
    ids = planner.planner.create_tasks(planner.ids["plan"], rows)
    planner.planner.delete_task(ids[0])
    reader.collections(KIND)
    planner.world.control.reset("log")
    found = {state.id: state for state in reader.read(KIND, [*ids, "mangled"])}
    assert calls(planner) == ["/$batch"] * 2
    assert isinstance(found[ids[0]], Gone)
    assert isinstance(found["mangled"], Barred)
    assert sum(isinstance(state, Record) for state in found.values()) == 29


def test_details_cost_a_call_only_where_there_is_a_description(planner: PlannerWorld, reader: PlannerReader) -> None:
    """What the round has met is not asked for again; a task without description has an empty one for nothing."""
    planner.add("plain")
    with_text = planner.add("told", details={"description": "line\nline"})
    ids = [record.id for page in first_round(reader) for record in page.records]
    planner.world.control.reset("log")
    found = {
        s.values["title"]: s.values["details"] for s in reader.read(KIND, ids, ["details"]) if isinstance(s, Record)
    }
    assert found == {"plain": (None,), "told": ("line\nline",)}
    parts = [part["path"] for one in planner.world.control.log() for part in one.get("batch", [])]
    assert parts == [f"/planner/tasks/{with_text}/details"]


def test_details_of_what_was_not_met_come_with_the_task(planner: PlannerWorld, reader: PlannerReader) -> None:
    """The task is read first, then its details; one that never was is gone."""
    id = planner.add("told", details={"description": "x"})
    found = {state.id: state for state in reader.read(KIND, [id, NONE], ["details"])}
    record = found[id]
    assert isinstance(record, Record)
    assert record.values["details"] == ("x",)
    assert isinstance(found[NONE], Gone)


def test_details_of_a_task_that_just_went_prove_it(planner: PlannerWorld, reader: PlannerReader) -> None:
    """Between the round and the details somebody deleted it."""
    id = planner.add("told", details={"description": "x"})
    first_round(reader)
    planner.planner.delete_task(id)
    assert list(reader.read(KIND, [id], ["details"])) == [Gone("m365", KIND, id)]


def test_an_edit_of_nothing_but_the_description_is_noticed(planner: PlannerWorld, system: GraphSystem) -> None:
    """It moves no version that a listing shows: once an hour the plan is listed as a whole, descriptions due about now
    are looked after, and what was rewritten is a suspect, to be read again; far ones are left alone."""
    soon = datetime.fromtimestamp(planner.world.waits.timing().clock() + 9 * 86_400, UTC).strftime("%Y-%m-%dT12:00:00Z")
    text = {"description": "text"}
    near, kept = (planner.add(title, details=text, dueDateTime=soon) for title in ("near", "kept"))
    far = planner.add("far", details=text, dueDateTime="2031-01-01T12:00:00Z")
    before = cursors(first_round(look(planner, system)))
    planner.world.waits.slept.append(LIFE)
    pages = list(look(planner, system).changes(KIND, before))
    assert {id for page in pages for id in page.gone} == {near, kept}  # met, and not looked at until now
    for id in (near, far):
        planner.planner.describe(id, "theirs")
    before = cursors(pages)
    pages = list(look(planner, system).changes(KIND, before))
    assert cursors(pages) == before
    planner.world.waits.slept.append(LIFE)
    view = look(planner, system)
    pages = list(view.changes(KIND, before))
    assert [id for page in pages for id in page.gone] == [near]
    assert titles(pages) == ["far", "kept", "near"] and all(page.full for page in pages if page.records)
    (state,) = view.read(KIND, [near], ["details"])
    assert isinstance(state, Record)
    assert state.values["details"] == ("theirs",)
    pages = list(look(planner, system).changes(KIND, cursors(pages)))
    assert not any(page.gone for page in pages)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "html", "status": 200}, {"kind": "endless_next"}, {"kind": "foreign_link", "host": "evil.example"},
        {"kind": "oversized", "size": 33 * 1024 * 1024}, {"kind": "html", "status": 404},
    ],
)  # fmt: skip
def test_nonsense_ends_the_reading(planner: PlannerWorld, system: GraphSystem, fault: dict[str, object]) -> None:
    """No partial plan is passed off as a whole one."""
    rows = [{"title": "T", "bucketId": planner.ids["bucket"]}] * 401
    planner.planner.create_tasks(planner.ids["plan"], rows)
    view = look(planner, system)
    view.collections(KIND)
    planner.world.control.add_rule(fault, "GET", "/tasks$", count=0)
    with pytest.raises(Unavailable):
        list(view.changes(KIND, {planner.ids["plan"]: None}))


def test_throttling_is_waited_for(planner: PlannerWorld, system: GraphSystem) -> None:
    """As long as the service says."""
    planner.add("a")
    view = look(planner, system)
    view.collections(KIND)
    planner.world.control.add_rule({"kind": "status", "status": 429, "headers": {"Retry-After": "9"}}, "GET", "/tasks$")
    assert titles(view.changes(KIND, {planner.ids["plan"]: None})) == ["a"]
    assert 9.0 in planner.world.waits.slept


def test_another_kind_is_not_served(reader: PlannerReader, writer: PlannerWriter) -> None:
    """Contacts live in mailboxes."""
    with pytest.raises(KeyError):
        reader.collections("contact")
    assert not hasattr(reader, "write")
    assert (list(reader.visible(KIND)), reader.access(), list(reader.find(KIND, []))) == ([], "", [])
