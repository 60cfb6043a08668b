"""The change feed: nothing that was committed is ever passed over, and what shows elsewhere moves too."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from crm.matchkeys import CHUNK
from engine.records import Gone, Record, Reference
from tests.unit.crm.desk import Desk, change, creation


def test_a_late_commit_gets_a_later_revision(postgres_engine: sa.Engine) -> None:
    """A transaction that began first and commits last is not passed over by a reader in between."""
    desk = Desk(postgres_engine)
    desk.people("anna")
    slow, quick = desk.contact(), desk.contact()
    since = desk.head()
    with desk.store.edit() as early:
        early.update("Contact", slow, {"lastname": "Early"})
        desk.edit(quick, lastname="Late")
        between = desk.round(since=since)
    assert [record.id for page in between for record in page.records] == [quick]
    assert desk.changed("anna", between[-1].cursor or "") == [slow]


def test_writers_in_two_threads_never_hide_a_change(desk: Desk) -> None:
    """A reader that follows its cursor while several write sees the last state of every contact."""
    desk.people("anna")
    ids = [desk.contact(lastname="0") for _ in range(4)]
    problems: list[BaseException] = []

    def work(crm_id: str) -> None:
        try:
            for number in range(1, 16):
                desk.edit(crm_id, lastname=str(number))
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=[crm_id]) for crm_id in ids]
    for thread in threads:
        thread.start()
    seen: dict[str, Record] = {}
    cursor: str | None = None
    running = True
    while running:
        running = any(thread.is_alive() for thread in threads)
        pages = desk.round(since=cursor)
        seen |= {record.id: record for page in pages for record in page.records}
        cursor = pages[-1].cursor
    assert problems == []
    assert {crm_id: seen[crm_id].values["lastname"] for crm_id in ids} == dict.fromkeys(ids, "15")


@pytest.mark.parametrize("count", [CHUNK - 1, CHUNK, CHUNK + 1])
def test_pages_meet_at_every_size(desk: Desk, count: int) -> None:
    """Records of one transaction share a revision and still come once each, whatever the page boundary."""
    desk.people("anna")
    with desk.store.edit() as edit:
        edit.put("Contact", [(None, {"assigned_user_id": "anna"})] * count)
    pages = desk.round()
    ids = [record.id for page in pages for record in page.records]
    assert (len(ids), len(set(ids))) == (count, count)


def test_listing_costs_the_same_statements_for_any_page(desk: Desk) -> None:
    """Rights, folders and companies of a page are read together, never record by record."""
    desk.people("anna", "bert", north=["anna", "bert"])

    def listed(count: int) -> int:
        values = {"assigned_user_id": "bert", "accountid": Reference(None, "Firm"), "folder": (Reference(None, "F"),)}
        with desk.store.edit() as edit:
            edit.put("Contact", [(None, values)] * count)
        statements: list[str] = []
        sa.event.listen(desk.engine, "before_cursor_execute", record := lambda *args: statements.append(args[2]))
        try:
            assert len([record for page in desk.round() for record in page.records]) >= count
        finally:
            sa.event.remove(desk.engine, "before_cursor_execute", record)
        return len([statement for statement in statements if statement.startswith("SELECT")])

    assert listed(1) == listed(300)


def test_a_companys_new_name_moves_its_contacts(desk: Desk) -> None:
    """They show the name, so they come as changed, under a new version, and are found under it; their own modified
    time stays."""
    desk.people("anna")
    crm_id = desk.contact(accountid=Reference(None, "Old Ltd"))
    before = desk.store.record("Contact", crm_id)
    since = desk.head()
    assert before is not None
    company = before.values["accountid"]
    assert isinstance(company, Reference)
    desk.now += 5
    with desk.store.edit() as edit:
        edit.change_company(company.id or "", accountname="New Ltd")
    assert desk.changed("anna", since) == [crm_id]
    after = desk.store.record("Contact", crm_id)
    assert after is not None
    assert after.values["accountid"] == Reference(company.id, "New Ltd")
    assert (after.version != before.version, after.modified) == (True, before.modified)


def test_a_folders_new_name_and_its_end_move_its_contacts(desk: Desk) -> None:
    """First the name, then the folder itself: each time the contact comes as changed."""
    desk.people("anna")
    crm_id = desk.contact(folder=(Reference(None, "A"), Reference(None, "B")))
    folders = {reference.name: str(reference.id) for reference, _ in desk.store.folders()}
    for step, left in (("rename", ["C", "B"]), ("delete", ["B"])):
        since = desk.head()
        with desk.store.edit() as edit:
            if step == "rename":
                edit.change_folder(folders["A"], name="C")
            else:
                edit.delete_folder(folders["A"])
        assert desk.changed("anna", since) == [crm_id]
        record = desk.store.record("Contact", crm_id)
        assert record is not None
        assert [item.name for item in record.values["folder"] or ()] == left


def test_a_companys_end_leaves_its_contacts_without(desk: Desk) -> None:
    """The reference goes, and with it the match key."""
    desk.people("anna")
    crm_id = desk.contact(accountid=Reference(None, "Old Ltd"))
    (company, _) = desk.store.companies()[0]
    with desk.store.edit() as edit:
        edit.delete_company(str(company.id))
    record = desk.store.record("Contact", crm_id)
    assert record is not None
    assert (record.values["accountid"], record.version) == (None, "2")


def test_a_merge_leads_to_the_winner_also_over_several_steps(desk: Desk) -> None:
    """Whoever asks for a merged contact learns where it went in the end."""
    desk.people("anna")
    first, second, third = (desk.contact() for _ in range(3))
    since = desk.head()
    with desk.store.edit() as edit:
        edit.merge("Contact", first, second)
        edit.merge("Contact", second, third)
    assert {id for page in desk.round(since=since) for id in page.gone} == {first, second}
    assert desk.see("anna", first) == Gone("crm", "Contact", first, third)
    assert desk.see("anna", second) == Gone("crm", "Contact", second, third)


def test_an_id_that_comes_back_goes_on_from_its_last_version(desk: Desk) -> None:
    """Nobody who remembers the deleted contact can take the new one for it; it is not listed as gone."""
    desk.people("anna")
    with desk.store.edit() as edit:
        edit.create("Contact", {"assigned_user_id": "anna"}, crm_id="700")
    since = desk.head()
    old = desk.see("anna", "700")
    with desk.store.edit() as edit:
        edit.delete("Contact", "700")
    with desk.store.edit() as edit:
        edit.create("Contact", {"assigned_user_id": "anna"}, crm_id="700")
    assert desk.changed("anna", since) == ["700"]
    assert [id for page in desk.round(since=since) for id in page.gone] == []
    new = desk.see("anna", "700")
    assert isinstance(old, Record)
    assert isinstance(new, Record)
    assert new.version != old.version


def test_given_ids_are_not_given_out_again(desk: Desk) -> None:
    """After an import with numbers, new contacts get higher ones."""
    desk.people("anna")
    with desk.store.edit() as edit:
        edit.create("Contact", {}, crm_id="90000")
    made = desk.written(creation(lastname="Next"))
    assert int(made.id) > 90000


def test_the_modified_time_is_that_of_the_last_edit(desk: Desk) -> None:
    """It moves with an edit, and not with a write that changes nothing."""
    desk.people("anna")
    desk.now = 50
    record = desk.written(creation(lastname="A"))
    desk.now = 60
    same = desk.written(change(record, lastname="A"))
    desk.now = 70
    edited = desk.written(change(same, lastname="B"))
    assert [one.modified for one in (record, same, edited)] == [50, 50, 70]


def test_fields_that_nobody_wants_are_not_read(desk: Desk) -> None:
    """A narrowed CRM lists and reads the wanted fields alone, and writes and returns whole records as ever."""
    desk.people("anna")
    contact = desk.contact(firstname="Ada", mailing=("1 Quay", "Leith", None, None, None), fax="1", private=True)
    narrow = desk.system.reading("Contact", frozenset({"firstname", "mailing", "folder"}))
    reader = narrow.reader(desk.space())
    listed = [record for page in reader.changes("Contact", {"": None}) for record in page.records]
    wanted = {"crmid": contact, "firstname": "Ada", "mailing": ("1 Quay", "Leith", None, None, None), "folder": None}
    assert [record.values for record in listed] == [wanted]
    assert [state.values for state in reader.read("Contact", [contact]) if isinstance(state, Record)] == [wanted]
    (whole,) = desk.system.reader(desk.space()).read("Contact", [contact])
    assert isinstance(whole, Record)
    assert (whole.version, whole.values["fax"]) == (listed[0].version, "1")
