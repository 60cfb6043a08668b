"""The whole client over real HTTPS, against a service that was written apart from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest
from graph_world import ANN, BOB, GraphWorld
from msgspec.structs import replace

from engine.errors import LeaseLost, SignInNeeded, Unavailable
from engine.plans import Action, Verb
from engine.port import Page, Refused, Sent, Stale, Unknown, Written
from engine.records import Barred, Gone, Record, Reference, State, Value
from graph_client.marks import MARK
from graph_client.system import GraphSystem, MailboxReader, MailboxWriter

DELTA = r"/contacts/delta"


@pytest.fixture
def system(world: GraphWorld) -> Iterator[GraphSystem]:
    with world.system() as found:
        yield found


@pytest.fixture
def writer(world: GraphWorld, system: GraphSystem) -> MailboxWriter:
    return system.writer(world.space(), lambda: True)


def reader(world: GraphWorld, system: GraphSystem) -> MailboxReader:
    return system.reader(world.space())


def action(id: str, verb: Verb, of: Record | None = None, **values: Value) -> Action:
    return Action(
        id=id, side="m365", kind="contact", verb=verb, klass=verb, target=of.id if of else None,
        expected_version=of.version if of else None, values=values, changes=(), entry="e",
    )  # fmt: skip


def made(writer: MailboxWriter, id: str = "made", **values: Value) -> Record:
    (outcome,) = writer.write([action(id, "create", **values)])
    assert isinstance(outcome, Written)
    assert outcome.record is not None
    return outcome.record


def written(writer: MailboxWriter, act: Action) -> Record:
    (outcome,) = writer.write([act])
    assert isinstance(outcome, Written)
    assert outcome.record is not None
    return outcome.record


def marks(*ids: str) -> list[Sent]:
    return [Sent(action(id, "create"), 0) for id in ids]


def everything(view: MailboxReader) -> list[Page]:
    return list(view.changes("contact", {str(one.id): None for one in view.collections("contact")}))


def cursors(pages: Iterable[Page]) -> dict[str, str | None]:
    return {page.collection: page.cursor for page in pages if page.cursor}


def last(pages: Iterable[Page]) -> dict[str, Record | None]:
    """What a consumer ends with: the last row of each id counts."""
    found: dict[str, Record | None] = {}
    for page in pages:
        found.update(dict.fromkeys(page.gone))
        found.update({record.id: record for record in page.records})
    return found


def names(pages: Iterable[Page]) -> list[str]:
    return sorted(str(record.values["displayName"]) for record in last(pages).values() if record)


def one(view: MailboxReader, id: str) -> Record:
    found = state(view, id)
    assert isinstance(found, Record)
    return found


def state(view: MailboxReader, id: str) -> State:
    (found,) = view.read("contact", [id])
    return found


# ---- folders and rounds ----------------------------------------------------------------------------------------


def test_collections_are_all_contact_folders(world: GraphWorld, system: GraphSystem) -> None:
    """The default folder comes first, although no listing has it; nested ones carry their path."""
    found = reader(world, system).collections("contact")
    assert [one.name for one in found] == ["Contacts", "Clients", "Clients/North", "Family"]
    assert found[0].id == ""


def test_a_full_round_reads_every_folder_once(world: GraphWorld, system: GraphSystem) -> None:
    """Pages with repeats, any order and empty ones end in every contact, in its folder, and one cursor each."""
    for number in range(30):
        folder = ("Contacts", "Clients", "Clients/North")[number % 3]
        world.control.create_contact(ANN, {"givenName": f"N{number:02}"}, folder)
    pages = everything(reader(world, system))
    assert names(pages) == [f"N{number:02}" for number in range(30)]
    assert all(page.full for page in pages)
    assert len(cursors(pages)) == 4
    north = {str(r.values["displayName"]) for r in last(pages).values() if r and _folder(r) == "Clients/North"}
    assert north == {f"N{number:02}" for number in range(2, 30, 3)}


def _folder(record: Record) -> str:
    folder = record.values["parentFolder"]
    assert isinstance(folder, Reference)
    return folder.name


def test_an_idle_tick_is_one_round_trip(world: GraphWorld, system: GraphSystem) -> None:
    """Folder listing and all delta links go in one batch; what the folders are is then known without asking."""
    for number in range(6):
        world.control.create_folder(ANN, f"Folder {number}")
    at = cursors(everything(reader(world, system)))
    assert len(at) == 10
    world.control.reset("log")
    before = system.requests
    view = reader(world, system)
    pages = list(view.changes("contact", at))
    assert len(view.collections("contact")) == 10
    assert [len(page.records) + len(page.gone) for page in pages] == [0] * 10
    assert not any(page.full for page in pages)
    assert (world.control.totals().requests, system.requests - before) == (1, 1)


def test_changes_are_what_happened_since(world: GraphWorld, system: GraphSystem) -> None:
    """Edits, creations, deletions and moves come with the next round; a second one is empty."""
    kept, moved, dropped = (world.control.create_contact(ANN, {"givenName": name})["id"] for name in ("K", "M", "D"))
    first = everything(reader(world, system))
    world.control.update_contact(ANN, kept, {"surname": "Edited"})
    world.control.move_contact(ANN, moved, "Family")
    world.control.delete_contact(ANN, dropped)
    world.control.create_contact(ANN, {"givenName": "New"}, "Clients")
    pages = list(reader(world, system).changes("contact", cursors(first)))
    assert sorted(str(r.values["givenName"]) for page in pages for r in page.records) == ["K", "M", "New"]
    assert {id for page in pages for id in page.gone} == {_called(first, "M"), _called(first, "D")}
    again = list(reader(world, system).changes("contact", cursors(pages)))
    assert last(again) == {}


def _called(pages: Iterable[Page], given: str) -> str:
    return next(id for id, record in last(pages).items() if record and record.values["givenName"] == given)


@pytest.mark.parametrize(
    ("status", "code"), [(410, "SyncStateNotFound"), (400, "syncStateInvalid"), (404, "resyncRequired")]
)
def test_an_expired_cursor_becomes_a_full_round(world: GraphWorld, system: GraphSystem, status: int, code: str) -> None:
    """Every form of expiry starts from our own address again; pages say that they are full."""
    world.control.create_contact(ANN, {"givenName": "A"}, "Family")
    at = cursors(everything(reader(world, system)))
    world.control.set_behaviour(delta_expired_status=status, delta_expired_code=code)
    world.control.expire_delta_tokens(ANN)
    pages = list(reader(world, system).changes("contact", at))
    assert names(pages) == ["A"]
    assert all(page.full for page in pages)
    assert len(cursors(pages)) == 4


def test_one_expired_cursor_among_many_is_the_only_full_round(world: GraphWorld, system: GraphSystem) -> None:
    """An expired link in the middle of the batch takes no other folder along."""
    world.control.create_folder(ANN, "Extra")
    at = cursors(everything(reader(world, system)))
    world.control.add_rule({"kind": "expire_delta"}, path=DELTA, nth=2, part=True)
    pages = list(reader(world, system).changes("contact", at))
    assert sorted({page.collection: page.full for page in pages}.values()) == [False] * 4 + [True]


def test_a_token_that_expires_between_pages_starts_again(world: GraphWorld, system: GraphSystem) -> None:
    """A round that breaks off in the middle is read anew, and whole."""
    for number in range(8):
        world.control.create_contact(ANN, {"givenName": f"N{number}"})
    world.control.add_rule({"kind": "expire_delta"}, path=DELTA, nth=2)
    pages = list(reader(world, system).changes("contact", {"": None}))
    assert names(pages) == [f"N{number}" for number in range(8)]
    assert pages[-1].cursor


def test_a_cursor_of_another_server_or_field_table_is_read_anew(world: GraphWorld, system: GraphSystem) -> None:
    """Stored links are checked again on use: one that does not fit starts a full round, and is never followed."""
    at = cursors(everything(reader(world, system)))
    digest, _, link = str(at[""]).partition(" ")
    for odd in ("nonsense", f"{digest} https://evil.example/v1.0/me/contacts/delta", f"000000000000 {link}"):
        (page,) = reader(world, system).changes("contact", {"": odd})
        assert page.full


def test_a_folder_that_is_gone_has_no_pages(world: GraphWorld, system: GraphSystem) -> None:
    """Its contacts are proved gone by id, not by the missing feed."""
    contact = world.control.create_contact(ANN, {"givenName": "A"}, "Family")
    pages = everything(reader(world, system))
    assert contact
    world.control.delete_folder(ANN, "Family")
    view = reader(world, system)
    after = list(view.changes("contact", cursors(pages)))
    assert len(cursors(after)) == 3
    assert "Family" not in [one.name for one in view.collections("contact")]
    assert isinstance(state(view, _called(pages, "A")), Gone)


def test_many_pages_stay_in_step(world: GraphWorld, system: GraphSystem) -> None:
    """1,100 contacts take a handful of calls, and none is lost."""
    for number in range(1100):
        world.control.create_contact(ANN, {"givenName": f"{number:04}"})
    before = system.requests
    pages = list(reader(world, system).changes("contact", {"": None}))
    assert len(last(pages)) == 1100
    assert system.requests - before <= 8


# ---- single contacts -------------------------------------------------------------------------------------------


def test_reading_proves(world: GraphWorld, system: GraphSystem, writer: MailboxWriter) -> None:
    """A contact that is there, one that was deleted, and one that this user may not see."""
    here, gone = made(writer, "a", givenName="H"), made(writer, "b", givenName="G")
    world.control.purge_contact(ANN, gone.id)
    found = {one.id: one for one in reader(world, system).read("contact", [here.id, gone.id])}
    assert found == {here.id: here, gone.id: Gone("m365", "contact", gone.id)}
    world.control.add_rule({"kind": "status", "status": 403, "code": "ErrorAccessDenied"}, path=here.id, part=True)
    assert state(reader(world, system), here.id) == Barred("m365", "contact", here.id)


def test_a_contact_in_deleted_items_is_gone(world: GraphWorld, system: GraphSystem, writer: MailboxWriter) -> None:
    """Immutable ids may go on to work in Deleted Items: what lies there was deleted all the same."""
    record = made(writer, givenName="A")
    world.control.set_behaviour(deleted_items_readable=True)
    world.control.delete_contact(ANN, record.id)
    assert state(reader(world, system), record.id) == Gone("m365", "contact", record.id)


def test_a_mailbox_taken_away_deletes_nothing(world: GraphWorld, system: GraphSystem, writer: MailboxWriter) -> None:
    """Its 404 is trouble with the mailbox: no read says gone."""
    record = made(writer, givenName="A")
    world.control.enable_mailbox(ANN, False)
    with pytest.raises(Unavailable, match="Nothing was taken as deleted"):
        state(reader(world, system), record.id)
    with pytest.raises(Unavailable):
        reader(world, system).collections("contact")
    world.control.enable_mailbox(ANN, True)
    assert state(reader(world, system), record.id) == record


def test_names_are_paths_without_case(world: GraphWorld, system: GraphSystem) -> None:
    """Folders are found by path; unknown ones are left out."""
    found = reader(world, system).names("contactFolder", ["clients/NORTH", "Nowhere", "CONTACTS"])
    assert {key: [one.name for one in refs] for key, refs in found.items()} == {
        "clients/north": ["Clients/North"], "contacts": ["Contacts"],
    }  # fmt: skip


# ---- writing ---------------------------------------------------------------------------------------------------

FULL: Mapping[str, Value] = {
    "title": "Dr", "givenName": "Zoë", "middleName": "Q.", "surname": "Ångström 😀", "generation": "Jr",
    "nickName": "Zo", "companyName": "Firm", "department": "Sales", "jobTitle": "Head", "assistantName": "Al",
    "emailAddresses": (("zoe@x.example", "Zoë"), ("z@y.example", None)), "businessPhones": ("+44 1", "+44 2"),
    "homePhones": ("+44 3",), "mobilePhone": "+44 4", "birthday": "1980-02-29",
    "businessAddress": ("1 Street\r\nFloor 2", "Town", "Region", "ZIP", "UK"),
    "homeAddress": (None, "Leeds", None, None, None), "personalNotes": "line\r\nline " * 50,
    "categories": ("Red", "Blue"),
}  # fmt: skip


def test_a_contact_comes_back_as_it_went(world: GraphWorld, system: GraphSystem, writer: MailboxWriter) -> None:
    """Every field survives, in the answer of the write, when read by id, and in the feed."""
    record = made(writer, **FULL)
    assert {path: record.values[path] for path in FULL} == FULL
    assert record.values["displayName"] == "Zoë Q. Ångström 😀"
    assert state(reader(world, system), record.id) == record
    assert last(everything(reader(world, system))) == {record.id: record}


def test_everything_can_be_cleared(writer: MailboxWriter) -> None:
    """None empties every field."""
    record = made(writer, **FULL)
    bare = written(writer, action("b", "update", record, **dict.fromkeys(FULL)))
    assert {path: bare.values[path] for path in FULL} == dict.fromkeys(FULL)


def test_twenty_five_creations_and_their_marks(world: GraphWorld, system: GraphSystem, writer: MailboxWriter) -> None:
    """Each is made once and found again by the action's id, wherever it lies; unknown marks are left out."""
    acts = [
        action(f"act-{n}", "create", givenName=f"N{n}", parentFolder=Reference(None, "Family") if n % 2 else None)
        for n in range(25)
    ]
    outcomes = {one.action: one for one in writer.write(acts)}
    assert len(outcomes) == 25
    found = reader(world, system).find_marks("contact", marks("act-0", "act-3", "act-x", "O'Hara"))
    assert found == {id: (outcomes[id].record.id,) for id in ("act-0", "act-3")}  # type: ignore[union-attr]
    assert len(world.control.contacts(ANN)) == 25


def test_a_copied_mark_means_the_original(world: GraphWorld, system: GraphSystem, writer: MailboxWriter) -> None:
    """Outlook copies the mark with the contact: the one made first is the one."""
    record = made(writer, "mark", givenName="A")
    world.control.set_clock(advance=60)
    world.control.copy_contact(ANN, record.id, "Family")
    assert reader(world, system).find_marks("contact", marks("mark")) == {"mark": (record.id,)}


def test_folders_are_made_where_missing(world: GraphWorld, writer: MailboxWriter) -> None:
    """A path is made step by step, once, below what is there."""
    acts = [action(f"a{n}", "create", parentFolder=Reference(None, "Clients/South/Coast")) for n in range(3)]
    folders = {_folder(one.record) for one in writer.write(acts) if isinstance(one, Written) and one.record}
    assert folders == {"Clients/South/Coast"}
    assert [one.name for one in writer.collections("contact")] == [
        "Contacts", "Clients", "Clients/North", "Clients/South", "Clients/South/Coast", "Family",
    ]  # fmt: skip


def test_an_update_needs_the_version_it_was_decided_on(world: GraphWorld, writer: MailboxWriter) -> None:
    """Somebody was faster: nothing is written, whether that shows before or by the condition."""
    record = made(writer, givenName="A")
    newer = written(writer, action("b", "update", record, givenName="B"))
    assert list(writer.write([action("c", "update", record, givenName="C")])) == [Stale("c")]
    world.control.add_rule({"kind": "status", "status": 412, "code": ""}, method="PATCH", part=True)
    assert list(writer.write([action("d", "update", newer, givenName="D")])) == [Stale("d")]
    assert [one["givenName"] for one in world.control.contacts(ANN)] == ["B"]


def test_a_display_name_that_a_person_chose_stays(world: GraphWorld, writer: MailboxWriter) -> None:
    """An update of something else sends it along; one of the name makes it anew."""
    made(writer, givenName="Bob", surname="Lee")
    world.control.update_contact(ANN, world.control.contacts(ANN)[0]["id"], {"displayName": "Bob the plumber"})
    (page,) = (page for page in everything(writer) if page.records)
    same = written(writer, action("b", "update", page.records[0], mobilePhone="1"))
    assert same.values["displayName"] == "Bob the plumber"
    assert written(writer, action("c", "update", same, surname="Low")).values["displayName"] == "Bob Low"


def test_a_deletion_needs_the_version_too(world: GraphWorld, writer: MailboxWriter) -> None:
    """The service ignores the condition of a deletion: it is read just before, and left alone if it changed."""
    record = made(writer, givenName="A")
    world.control.touch_contact(ANN, record.id)
    assert list(writer.write([action("b", "delete", record)])) == [Stale("b")]
    now = state(writer, record.id)
    assert isinstance(now, Record)
    assert list(writer.write([action("c", "delete", now)])) == [Written("c", None)]
    assert list(writer.write([action("d", "delete", now)])) == [Written("d", None)]
    assert (len(world.control.contacts(ANN)), len(world.control.deleted(ANN))) == (0, 1)


def test_what_outlook_cannot_hold_is_refused(world: GraphWorld, writer: MailboxWriter) -> None:
    """A fourth address, a third phone: the reason names the code, not the data, and nothing is trimmed."""
    addresses = tuple((f"canary{n}@x.example", None) for n in range(4))
    outcomes = list(
        writer.write(
            [action("a", "create", emailAddresses=addresses), action("b", "create", homePhones=("1", "2", "3"))]
        )
    )
    assert all(isinstance(one, Refused) and "HTTP 400" in one.reason and "canary" not in one.reason for one in outcomes)
    assert world.control.contacts(ANN) == []


def test_a_move_is_a_new_contact_and_no_old_one(world: GraphWorld, system: GraphSystem, writer: MailboxWriter) -> None:
    """Graph has no move: the whole contact is made in the other folder, with the change, and the old one deleted."""
    record = made(writer, **FULL)
    moved = written(writer, action("m", "move", record, parentFolder=Reference(None, "Family"), mobilePhone="9"))
    assert moved.id != record.id
    assert {path: moved.values[path] for path in FULL} == {**FULL, "mobilePhone": "9"}
    assert _folder(moved) == "Family"
    assert isinstance(state(reader(world, system), record.id), Gone)
    assert reader(world, system).find_marks("contact", marks("m")) == {"m": (moved.id,)}


def test_a_move_that_cannot_finish_is_taken_back(world: GraphWorld, writer: MailboxWriter) -> None:
    """When the old contact may not be deleted the new one goes again: no person is there twice."""
    record = made(writer, givenName="A")
    refused = {"kind": "status", "status": 403, "code": "ErrorAccessDenied"}
    world.control.add_rule(refused, method="DELETE", path=record.id)
    act = action("m", "move", record, parentFolder=Reference(None, "Family"))
    assert list(writer.write([act])) == [Stale("m")]
    assert len(world.control.contacts(ANN)) == 1
    assert isinstance(state(writer, record.id), Record)


def test_a_move_cut_short_goes_on_with_its_copy(world: GraphWorld, system: GraphSystem, writer: MailboxWriter) -> None:
    """What the first attempt made is found by its mark, brought up to date and kept; nobody is made a second time."""
    record = made(writer, givenName="A", mobilePhone="1")
    family = Reference(None, "Family")
    world.control.add_rule({"kind": "status", "status": 503}, method="DELETE", path=record.id, count=99)
    with pytest.raises(Unavailable):
        list(writer.write([action("m", "move", record, parentFolder=family)]))
    world.control.reset("faults")
    ((copy,),) = reader(world, system).find_marks("contact", [Sent(action("m", "move", record), 0)]).values()
    world.control.update_contact(ANN, record.id, {"mobilePhone": "2"})
    again = action("n", "move", one(writer, record.id), parentFolder=family)
    moved = written(writer, replace(again, copy=copy))
    assert (moved.id, moved.values["mobilePhone"], _folder(moved)) == (copy, "2", "Family")
    assert [one["id"] for one in world.control.contacts(ANN)] == [copy]


@pytest.mark.parametrize("gone", [False, True])
def test_a_copy_in_the_wrong_folder_or_none_is_replaced(world: GraphWorld, writer: MailboxWriter, gone: bool) -> None:
    """The move goes elsewhere by now, or somebody deleted what it had made: it starts afresh, leaving one contact."""
    record = made(writer, givenName="A")
    copy = made(writer, id="copy", givenName="A", parentFolder=Reference(None, "Clients")).id
    if gone:
        world.control.delete_contact(ANN, copy)
    moved = written(writer, replace(action("m", "move", record, parentFolder=Reference(None, "Family")), copy=copy))
    assert _folder(moved) == "Family"
    assert [one["id"] for one in world.control.contacts(ANN)] == [moved.id]


def test_a_folder_of_the_same_place_is_no_move(writer: MailboxWriter) -> None:
    """An update that names the folder the contact is in keeps its id."""
    record = made(writer, givenName="A", parentFolder=Reference(None, "Family"))
    same = written(writer, action("u", "update", record, parentFolder=record.values["parentFolder"], surname="B"))
    assert same.id == record.id


# ---- trouble ---------------------------------------------------------------------------------------------------


def test_throttled_items_are_done_in_the_end(world: GraphWorld, writer: MailboxWriter) -> None:
    """429 and 503 for too many calls at once are waited for; nobody is made twice."""
    for status in (429, 503):
        body = {"error": {"code": "ApplicationThrottled", "message": "over its MailboxConcurrency limit"}}
        rule = {"kind": "status", "status": status, "body": body, "headers": {"Retry-After": "7"}}
        world.control.add_rule(rule, method="POST", path="contacts$", part=True, count=2)
    outcomes = list(writer.write([action(f"a{n}", "create", givenName=f"N{n}") for n in range(6)]))
    assert [type(one) for one in outcomes] == [Written] * 6
    assert len(world.control.contacts(ANN)) == 6
    assert set(world.waits.slept) == {7.0}


def test_waves_stay_within_the_mailbox_limit(world: GraphWorld, system: GraphSystem, writer: MailboxWriter) -> None:
    """Where the service fails the surplus of a batch, there is none: no wait is ever needed."""
    world.control.set_behaviour(batch_surplus=True)
    list(writer.write([action(f"a{n}", "create", givenName=f"N{n}") for n in range(10)]))
    pages = everything(reader(world, system))
    list(reader(world, system).read("contact", list(last(pages))))
    list(reader(world, system).changes("contact", cursors(pages)))
    assert len(last(pages)) == 10
    assert world.waits.slept == []


@pytest.mark.parametrize("kind", ["drop_request", "drop_answer", "cut"])
def test_a_lost_batch_of_creations_is_settled_by_marks(
    world: GraphWorld, system: GraphSystem, writer: MailboxWriter, kind: str
) -> None:
    """The outcome is unknown; the marks say which were made; nothing was sent twice."""
    writer.collections("contact")
    world.control.add_rule({"kind": kind}, method="POST", path=r"/\$batch")
    outcomes = list(writer.write([action(f"a{n}", "create", givenName=f"N{n}") for n in range(3)]))
    assert outcomes == [Unknown(f"a{n}") for n in range(3)]
    there = world.control.contacts(ANN)
    found = reader(world, system).find_marks("contact", marks("a0", "a1", "a2"))
    assert len(there) == len(found) == (0 if kind == "drop_request" else 3)
    assert all(MARK in json.dumps(one) for one in there)


def test_a_cut_page_is_read_again(world: GraphWorld, system: GraphSystem) -> None:
    """A connection cut in the middle of a page costs a second reading, never a part of the page."""
    world.control.create_contact(ANN, {"givenName": "A"})
    world.control.add_rule({"kind": "cut"}, path=DELTA)
    assert names(reader(world, system).changes("contact", {"": None})) == ["A"]
    world.control.add_rule({"kind": "cut"}, path=DELTA, count=0)
    with pytest.raises(Unavailable, match="cut in the middle"):
        list(reader(world, system).changes("contact", {"": None}))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"kind": "html", "status": 200}, "not Graph's JSON"),
        ({"kind": "html", "status": 503}, "not working now"),
        ({"kind": "endless_next"}, "does not come to an end"),
        ({"kind": "endless_next", "fresh": True}, "does not come to an end"),
        ({"kind": "foreign_link", "host": "evil.example"}, "leads elsewhere"),
        ({"kind": "oversized", "size": 33 * 1024 * 1024, "gzip": True}, "32 MiB"),
        ({"kind": "duplicate_keys"}, "not Graph's JSON"),
        ({"kind": "deep", "size": 200_000}, "not Graph's JSON"),
    ],
)
def test_nonsense_is_never_a_page(world: GraphWorld, system: GraphSystem, rule: dict[str, Any], words: str) -> None:
    """Whatever comes in place of a page, the round fails as a whole and says why."""
    world.control.create_contact(ANN, {"givenName": "A"})
    world.control.add_rule(rule, path=DELTA, count=0)
    with pytest.raises(Unavailable, match=words):
        list(reader(world, system).changes("contact", {"": None}))


@pytest.mark.parametrize(
    ("rule", "part", "words"),
    [
        ({"kind": "html", "status": 200}, True, "not Graph's JSON"),
        ({"kind": "html", "status": 503}, True, "HTTP 503"),
        ({"kind": "foreign_link", "host": "evil.example"}, True, "leads elsewhere"),
        ({"kind": "html", "status": 200}, False, "not Graph's JSON"),
        ({"kind": "html", "status": 404}, False, "not its address"),
        ({"kind": "oversized", "size": 33 * 1024 * 1024}, False, "32 MiB"),
        ({"kind": "duplicate_keys"}, False, "not Graph's JSON"),
        ({"kind": "deep", "size": 200_000}, False, "not Graph's JSON"),
    ],
)
def test_nonsense_is_never_a_batch(
    world: GraphWorld, system: GraphSystem, rule: dict[str, Any], part: bool, words: str
) -> None:
    """The same for the batch of delta links, and for one item in it."""
    at = cursors(everything(reader(world, system)))
    world.control.add_rule(rule, path=DELTA if part else r"/\$batch", count=0, part=part)
    with pytest.raises(Unavailable, match=words):
        list(reader(world, system).changes("contact", at))


def test_an_access_token_that_ended_is_renewed(world: GraphWorld, system: GraphSystem, writer: MailboxWriter) -> None:
    """One 401, one new token, and the work goes on."""
    made(writer, givenName="A")
    world.control.expire_access_tokens(ANN)
    assert names(everything(reader(world, system))) == ["A"]


def test_a_revoked_sign_in_stops_this_account_alone(world: GraphWorld, system: GraphSystem) -> None:
    """The person has to connect again; another account goes on."""
    world.control.revoke_sign_in(ANN)
    with pytest.raises(SignInNeeded, match="connect the account again"):
        reader(world, system).collections("contact")
    with world.system(BOB) as other:
        assert [one.name for one in other.reader(world.space(BOB)).collections("contact")] == ["Contacts"]


def test_nobody_at_home(world: GraphWorld) -> None:
    """When nothing listens, the message says where it was looked for and what to check."""
    with world.system() as system:
        reader(world, system).collections("contact")
        object.__setattr__(system.endpoints, "graph", "https://localhost:1")
        with pytest.raises(Unavailable, match="can't be reached at localhost:1"):
            reader(world, system).collections("contact")


def test_a_lost_lease_writes_nothing_more(world: GraphWorld, system: GraphSystem) -> None:
    """The lease is asked before every request, reads included."""
    answers = iter([True, True, False])
    writer = system.writer(world.space(), lambda: next(answers))
    with pytest.raises(LeaseLost):
        list(writer.write([action(f"a{n}", "create", givenName=f"N{n}") for n in range(12)]))
    assert len(world.control.contacts(ANN)) == 4


def test_every_request_is_told_apart(world: GraphWorld, system: GraphSystem) -> None:
    """Each call has a client-request-id of its own, so that a support case can name it."""
    everything(reader(world, system))
    ids = [entry["client_request_id"] for entry in world.control.log() if entry["path"].startswith("/v1.0")]
    assert len(set(ids)) == len(ids) > 1
    assert None not in ids


def test_own_writes_come_back_with_the_same_version(
    world: GraphWorld, system: GraphSystem, writer: MailboxWriter
) -> None:
    """The feed shows what was written at the version that the write returned: an echo can be told by it."""
    at = cursors(everything(reader(world, system)))
    record = made(writer, **FULL)
    assert last(reader(world, system).changes("contact", at)) == {record.id: record}


def test_the_mark_never_changes() -> None:
    """Contacts out there carry it: another name would lose them."""
    assert MARK == "String {6f0d2c8e-3b57-4c1a-9c53-d1a7a46e0b92} Name TandemAction"


def test_fields_that_nobody_wants_are_not_asked_for(world: GraphWorld, system: GraphSystem) -> None:
    """Rounds and readings by id select the wanted fields; a cursor that was made for others starts a full round."""
    ada = made(system.writer(world.space(), lambda: True), givenName="Ada", surname="Lund", manager="Bo")
    system.want("contact", frozenset({"givenName"}))
    pages = everything(reader(world, system))
    assert {frozenset(record.values) for page in pages for record in page.records} == {
        frozenset({"givenName", "parentFolder"})
    }
    assert one(reader(world, system), ada.id) == last(pages)[ada.id]
    system.want("contact", frozenset({"givenName", "manager"}))
    wider = list(reader(world, system).changes("contact", cursors(pages)))
    assert all(page.full for page in wider)
    found = last(wider)[ada.id]
    assert found is not None
    assert found.values["manager"] == "Bo"
