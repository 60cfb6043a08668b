"""Writing through the port: what is stored, what is refused, and what a crash or a race leaves behind."""

from __future__ import annotations

import threading

import psycopg
import pytest
import sqlalchemy as sa

from crm import tables
from crm.system import BATCH
from engine.errors import LeaseLost, Unavailable
from engine.port import Refused, Sent, Unknown, Written
from engine.records import Record, Reference, Value
from tests.unit.crm.desk import Desk, change, creation, deletion


def test_a_new_contact_belongs_to_whoever_synced_it(desk: Desk) -> None:
    """Unless the rule assigns it, or assigns it to nobody."""
    desk.people("anna", "bert")
    assert desk.written(creation(lastname="A")).values["assigned_user_id"] == "anna"
    assert desk.written(creation(lastname="B", assigned_user_id="bert")).values["assigned_user_id"] == "bert"
    assert desk.written(creation(lastname="C", assigned_user_id=None)).values["assigned_user_id"] == "anna"


@pytest.mark.parametrize(
    ("path", "value", "kept"),
    [
        ("lastname", "Żółć 🛥", "Żółć 🛥"),
        ("lastname", "", None),
        ("description", "one\r\ntwo", "one\r\ntwo"),
        ("birthday", "1980-02-29", "1980-02-29"),
        ("includeinsync", True, True),
        ("includeinsync", None, False),
        ("mailing", ("1 Quay", "Leith", None, "EH6", ""), ("1 Quay", "Leith", None, "EH6", None)),
        ("mailing", ("1 Quay\r\nUnit 2\nYard", *[None] * 4), ("1 Quay\nUnit 2\nYard", *[None] * 4)),
        ("other", ("", "", "", "", ""), None),
        ("other", None, None),
        ("folder", (), None),
        ("accountid", Reference(None, "  "), None),
    ],
)
def test_values_come_back_as_they_are_kept(desk: Desk, path: str, value: Value, kept: Value) -> None:
    """The outcome says what is stored, in the terms that rules use; nothing means empty."""
    desk.people("anna")
    record = desk.written(creation(**{path: value}))
    assert record.values[path] == kept
    assert desk.see("anna", record.id) == record


def test_an_address_is_stored_under_opencrms_names(desk: Desk) -> None:
    """The first line of the street is the street; what follows is the second street field."""
    desk.people("anna")
    record = desk.written(creation(mailing=("1 Quay\nUnit 2\nYard", "Leith", "Lothian", "EH6", "Scotland")))
    (seen,) = desk.store.stored("Contact")
    assert seen.record.id == record.id
    assert [seen.holds(f"mailing{part}") for part in ("street", "street2", "city", "state", "zip", "country")] == [
        "1 Quay", "Unit 2\nYard", "Leith", "Lothian", "EH6", "Scotland",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"lastname": "x" * 101}, "Last Name is longer than 100 characters"),
        ({"lastname": "a\0b"}, "Last Name holds a character that can't be stored"),
        ({"lastname": "\ud800"}, "Last Name holds a character that can't be stored"),
        ({"lastname": 5}, "Last Name must be text"),
        ({"birthday": "1980-02-30"}, "Birthday must be a date in the form yyyy-mm-dd"),
        ({"birthday": "19800203"}, "Birthday must be a date in the form yyyy-mm-dd"),
        ({"includeinsync": "yes"}, "Include in Sync must be yes or no"),
        ({"mailing": ("1 Quay",)}, "Mailing Address must have street, city, region, code and country"),
        ({"mailing": ("x" * 251, None, None, None, None)}, "Mailing Street is longer than 250 characters"),
        ({"folder": Reference("1", "A")}, "Folder must be a list"),
        ({"folder": ("A",)}, "Folder must name other records"),
        ({"folder": (Reference("77", "A"),)}, "the CRM has no such folder"),
        ({"accountid": Reference("77", "A")}, "the CRM has no such company"),
        ({"accountid": Reference(None, "x" * 201)}, "Organisation Name is longer than 200 characters"),
        ({"assigned_user_id": "zoe"}, "the CRM has no such user"),
        ({"crmid": "5"}, "the CRM has no field crmid that can be written"),
        ({"colour": "red"}, "the CRM has no field colour that can be written"),
    ],
)
def test_what_cannot_be_stored_is_refused_without_its_content(
    desk: Desk, values: dict[str, Value], reason: str
) -> None:
    """The reason names the field; the other action of the batch is done; neither creation nor update leaves a
    company behind."""
    desk.people("anna")
    record = desk.written(creation(lastname="Before"))
    company = {} if "accountid" in values else {"accountid": Reference(None, "Left Ltd")}
    bad, edit, good = creation(**values, **company), change(record, **values, **company), creation(lastname="Good")
    outcomes = desk.write(bad, edit, good)
    assert outcomes[:2] == [Refused(bad.id, reason), Refused(edit.id, reason)]
    assert isinstance(outcomes[2], Written)
    assert desk.see("anna", record.id) == record
    assert desk.store.companies() == [] or "such" in reason


def test_other_kinds_are_refused(desk: Desk) -> None:
    """Companies and folders come into being beside contacts only."""
    desk.people("anna")
    action = creation(kind="Company", accountname="Harbour Ltd")
    assert desk.write(action) == [Refused(action.id, "the CRM lets no Company be written")]


def test_a_creation_sent_twice_makes_one_contact(desk: Desk) -> None:
    """The mark is unique: the second time the first contact is answered."""
    desk.people("anna")
    action = creation("mark-1", lastname="Once")
    first, again = desk.written(action), desk.written(action)
    assert first == again
    assert len(list(desk.store.records("Contact"))) == 1


def test_folders_keep_their_order_and_move(desk: Desk) -> None:
    """The first folder decides elsewhere, so order is content; naming a folder twice puts it there once."""
    desk.people("anna")
    listed = (Reference(None, "B"), Reference(None, "A"), Reference(None, " b "))
    record = desk.written(creation(folder=listed))
    assert [item.name for item in record.values["folder"] or ()] == ["B", "A"]
    turned = tuple(reversed(record.values["folder"] or ()))
    after = desk.written(change(record, folder=turned))
    assert after.values["folder"] == turned
    assert after.version != record.version
    assert desk.written(change(after, folder=None)).values["folder"] is None


def test_of_several_companies_called_so_the_present_one_stays(desk: Desk) -> None:
    """A name that is no longer unique does not move a contact to another company; a new one gets the oldest."""
    desk.people("anna")
    with desk.store.edit() as edit:
        oldest, newer = edit.create_company("Twin Ltd"), edit.create_company("TWIN LTD")
    there = desk.written(creation(accountid=Reference(newer, "TWIN LTD")))
    kept = desk.written(change(there, accountid=Reference(None, "twin ltd"), title="Buyer"))
    new = desk.written(creation(accountid=Reference(None, "twin ltd")))
    assert [one.values["accountid"] for one in (kept, new)] == [
        Reference(newer, "TWIN LTD"),
        Reference(oldest, "Twin Ltd"),
    ]


def test_a_colleagues_contact_can_be_edited_and_given_away(desk: Desk) -> None:
    """The outcome of giving it away still shows the record, and says that it may not be edited now."""
    desk.people("anna", "bert", "carl", north=["anna", "bert"])
    crm_id = desk.contact("bert")
    record = desk.see("anna", crm_id)
    assert isinstance(record, Record)
    assert record.editable
    given = desk.written(change(record, assigned_user_id="carl"))
    assert (given.values["assigned_user_id"], given.editable) == ("carl", False)


def test_two_actions_for_one_contact_are_done_in_order(desk: Desk) -> None:
    """The second is judged against what the first left: its version is old by then."""
    desk.people("anna")
    record = desk.written(creation(lastname="A"))
    first, second = change(record, lastname="B"), change(record, lastname="C")
    outcomes = desk.write(first, second)
    assert [type(outcome).__name__ for outcome in outcomes] == ["Written", "Stale"]


def test_a_deleted_contact_leaves_nothing_behind(desk: Desk) -> None:
    """Its folders, shares and match keys go with it."""
    desk.people("anna", "bert")
    record = desk.written(creation(lastname="A", email="a@x.example", folder=(Reference(None, "F"),)))
    with desk.store.edit() as edit:
        edit.share("Contact", record.id, "user", "bert", "read")
    desk.write(deletion(record))
    with desk.engine.connect() as connection:
        for table in (tables.contact_folder, tables.share, tables.match_key, tables.contact):
            wanted = sa.select(sa.func.count()).select_from(table).where(table.c.org_id == desk.org)
            assert connection.execute(wanted).scalar_one() == 0, table.name


# ---- transactions ----


def test_a_batch_shares_a_commit_and_the_cut_points_say_so(desk: Desk) -> None:
    """Two batches and a bit are three commits, each told before and after; a write that changes nothing is none."""
    desk.people("anna")
    outcomes = desk.write(*(creation(lastname=str(number)) for number in range(2 * BATCH + 20)))
    assert desk.commits == ["before commit", "after commit"] * 3
    desk.commits.clear()
    first = outcomes[0]
    assert isinstance(first, Written)
    assert first.record is not None
    desk.write(change(first.record, lastname="0"))
    assert desk.commits == []


@pytest.mark.parametrize("cut", range(4))
def test_a_writer_killed_at_a_commit_leaves_whole_batches(desk: Desk, cut: int) -> None:
    """Whatever the instant, a batch is there with its companies and marks, or not at all."""
    desk.people("anna")
    actions = [creation(accountid=Reference(None, f"Firm {number}")) for number in range(BATCH + 30)]

    def kill(moment: str) -> None:
        desk.commits.append(moment)
        if len(desk.commits) > cut:
            raise KeyboardInterrupt

    system = type(desk.system)(desk.engine, desk.org, lambda: 1, kill)
    with pytest.raises(KeyboardInterrupt):
        list(system.writer(desk.space(), lambda: True).write(actions))
    there = {0: 0, 1: BATCH, 2: BATCH, 3: BATCH + 30}[cut]
    assert len(list(desk.store.records("Contact"))) == there
    assert len(desk.store.companies()) == there
    marks = desk.system.reader(desk.space()).find_marks("Contact", [Sent(action, 0) for action in actions])
    assert len(marks) == there


def test_a_commit_whose_end_is_not_known_is_told_as_unknown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was refused anyway is still refused; the rest must be settled by the next run."""
    desk.people("anna")

    def fail(self: sa.Connection) -> None:
        raise sa.exc.OperationalError("COMMIT", {}, Exception("the connection broke"))

    good, bad = creation(lastname="A"), creation(birthday="never")
    with monkeypatch.context() as patch:
        patch.setattr(sa.Connection, "commit", fail)
        outcomes = desk.write(good, bad)
    assert [type(outcome) for outcome in outcomes] == [Unknown, Refused]


def test_a_commit_that_surely_kept_nothing_is_to_be_tried_again(
    postgres_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk at the commit is no unknown end: nothing was written, and the trouble has a name."""
    desk = Desk(postgres_engine)
    desk.people("anna")

    def fail(self: sa.Connection) -> None:
        raise sa.exc.OperationalError("COMMIT", {}, psycopg.errors.DiskFull())

    with monkeypatch.context() as patch, pytest.raises(Unavailable, match="disk of the CRM's database server is full"):
        patch.setattr(sa.Connection, "commit", fail)
        desk.write(creation(lastname="A"))
    assert list(desk.store.records("Contact")) == []


def test_a_value_that_only_the_database_refuses_takes_no_other_with_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch is done again one by one, each action in a savepoint of its own."""
    desk.people("anna")
    monkeypatch.setattr("crm.references._existing", lambda transaction, named, ids: set(ids))
    record = desk.written(creation(lastname="Before"))
    good, bad, edit = creation(lastname="A"), creation(assigned_user_id="nobody"), change(record, lastname="B")
    outcomes = {outcome.action: outcome for outcome in desk.write(good, bad, edit)}
    assert outcomes[bad.id] == Refused(bad.id, "the CRM refused these values")
    assert isinstance(outcomes[good.id], Written)
    assert isinstance(outcomes[edit.id], Written)
    assert sorted(str(one.values["lastname"]) for one in desk.store.records("Contact")) == ["A", "B"]


def test_losing_the_lease_stops_before_the_next_batch(desk: Desk) -> None:
    """What was committed before stays; nothing comes after."""
    desk.people("anna")
    answers = iter([True, False])
    writer = desk.system.writer(desk.space(), lambda: next(answers))
    with pytest.raises(LeaseLost):
        list(writer.write([creation(lastname=str(number)) for number in range(2 * BATCH)]))
    assert len(list(desk.store.records("Contact"))) == BATCH


def test_two_writers_make_a_company_once(desk: Desk) -> None:
    """Two mailboxes meet people of the same new firm at the same time."""
    desk.people("anna", "bert")
    barrier = threading.Barrier(2)
    problems: list[BaseException] = []

    def work(user: str) -> None:
        try:
            barrier.wait()
            for number in range(12):
                desk.write(creation(accountid=Reference(None, f"Firm {number}")), user=user)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=[user]) for user in ("anna", "bert")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sorted(reference.name for reference, _ in desk.store.companies()) == sorted(f"Firm {n}" for n in range(12))


def test_two_writers_on_one_contact_end_as_if_in_sequence(desk: Desk) -> None:
    """Both hold the same version: one writes, the other is told that it came too late."""
    desk.people("anna", "bert", north=["anna", "bert"])
    for _ in range(10):
        record = desk.written(creation(lastname="start"))
        barrier = threading.Barrier(2)
        outcomes: dict[str, str] = {}

        def work(user: str, record: Record = record, barrier: threading.Barrier = barrier, told=outcomes) -> None:
            barrier.wait()
            (outcome,) = desk.write(change(record, lastname=user), user=user)
            told[user] = type(outcome).__name__

        threads = [threading.Thread(target=work, args=[user]) for user in ("anna", "bert")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes.values()) == ["Stale", "Written"]
        winner = next(user for user, told in outcomes.items() if told == "Written")
        after = desk.see("anna", record.id)
        assert isinstance(after, Record)
        assert after.values["lastname"] == winner


def test_a_locked_database_keeps_nothing_of_the_batch(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trouble is raised as something to try again, before anything was done."""
    desk.people("anna")

    def busy(*args: object) -> None:
        raise sa.exc.OperationalError("INSERT", {}, Exception("gone"))

    monkeypatch.setattr("crm.actions.insert_rows", busy)
    with pytest.raises(Unavailable):
        desk.write(creation(lastname="A"))
    monkeypatch.undo()
    assert list(desk.store.records("Contact")) == []
