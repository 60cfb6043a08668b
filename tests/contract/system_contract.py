"""What every system of records must do, whatever it is. An adapter's test inherits a class and gives `subject`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import pytest

from engine.errors import LeaseLost
from engine.links import Space
from engine.plans import Action
from engine.port import Outcome, Page, ReadView, Refused, Sent, Stale, System, WriteView, Written
from engine.records import Barred, Gone, Key, Record, Reference, Value

MANY = 120
"""More than any adapter writes or lists at once."""


class Subject(Protocol):
    """One system under test, with what other people do there meanwhile.

    ``text`` and ``other`` name two plain fields that can be written, and ``other`` emptied; ``text`` holds text, and so
    does ``other`` unless the subject's ``held`` is what it may hold. ``collection`` is where :meth:`add` puts records
    and where creations of :meth:`values` go.
    """

    system: System
    space: Space
    kind: str
    text: str
    other: str
    collection: str

    def values(self, number: int) -> Mapping[str, Value]:
        """What to write for a new record; different for every number; the text field is filled in."""
        ...

    def add(self, values: Mapping[str, Value]) -> str: ...

    def change(self, id: str, values: Mapping[str, Value]) -> None: ...

    def remove(self, id: str) -> None: ...

    def expire(self, cursor: str) -> str:
        """Make this cursor useless; the answer is what to send instead of it."""
        ...


class CrmSubject(Subject, Protocol):
    """A CRM under test: also who may do what, and names."""

    second: str
    """A field that records are found by, beside the text."""

    seconds: tuple[tuple[str, str], tuple[str, str], tuple[str, str]]
    """Three values of it, each with the term that stands for it in a key."""

    def bar(self, id: str) -> None:
        """Let the space's user read this record no more."""
        ...

    def forbid(self, id: str) -> None:
        """Let the space's user read this record, and not edit it."""
        ...


class SystemContract:
    """Reading with proofs, and writing on what was read."""

    @pytest.fixture
    def subject(self) -> Subject:
        raise AssertionError("an adapter's test gives its own subject")

    # ---- reading ----

    def test_a_first_round_lists_everything_and_says_so(self, subject: Subject) -> None:
        """Without a cursor a round is full on every page and holds each record once."""
        ids = fill(subject, MANY)
        pages = rounds(subject, None)
        assert sorted(record.id for page in pages for record in page.records) == sorted(ids)
        assert all(page.full and not page.gone and not page.barred for page in pages)

    def test_only_the_last_page_of_a_round_has_a_cursor(self, subject: Subject) -> None:
        """A reader that stops in the middle has no cursor to remember."""
        fill(subject, MANY)
        pages = rounds(subject, None)
        assert [page.cursor is None for page in pages] == [True] * (len(pages) - 1) + [False]
        assert {page.collection for page in pages} == {subject.collection}

    def test_a_round_without_changes_is_empty(self, subject: Subject) -> None:
        """From a fresh cursor nothing is delivered, and the round does not claim to have listed everything."""
        fill(subject, 3)
        pages = rounds(subject, cursor(subject))
        assert not any(page.records or page.gone or page.barred for page in pages)
        assert not any(page.full for page in pages)

    def test_a_change_is_delivered_once_with_a_new_version(self, subject: Subject) -> None:
        """What another person edited comes in the next round, alone, and not in the one after it."""
        first, second = fill(subject, 2)
        before, since = one(subject, second), cursor(subject)
        subject.change(second, {subject.text: "edited"})
        pages = rounds(subject, since)
        (record,) = latest(pages).values()
        assert (record.id, record.values[subject.text]) == (second, "edited")
        assert record.version != before.version
        assert latest(rounds(subject, pages[-1].cursor)) == {}
        assert one(subject, first).values[subject.text] != "edited"

    def test_a_new_record_is_delivered(self, subject: Subject) -> None:
        """What another person created comes in the next round."""
        fill(subject, 2)
        since = cursor(subject)
        made = subject.add(subject.values(77))
        assert list(latest(rounds(subject, since))) == [made]

    def test_a_deletion_is_suspected_by_the_feed_and_proved_by_reading(self, subject: Subject) -> None:
        """The next round names the id as gone; reading by id says so for certain."""
        kept, lost = fill(subject, 2)
        since = cursor(subject)
        subject.remove(lost)
        pages = rounds(subject, since)
        assert [id for page in pages for id in page.gone] == [lost]
        assert states(subject, kept, lost)[lost] == Gone(subject.system.side, subject.kind, lost)
        assert isinstance(states(subject, kept, lost)[kept], Record)

    def test_a_change_while_listing_is_not_lost(self, subject: Subject) -> None:
        """A record that changes after its page was read comes in this round or in the next."""
        ids = fill(subject, MANY)
        pages = reader(subject).changes(subject.kind, {subject.collection: None})
        first = next(pages)
        subject.change(ids[0], {subject.text: "late"})
        rest = list(pages)
        seen = latest([first, *rest]) | latest(rounds(subject, [first, *rest][-1].cursor))
        assert seen[ids[0]].values[subject.text] == "late"

    def test_a_useless_cursor_starts_a_full_round(self, subject: Subject) -> None:
        """When the side no longer knows a cursor, the round says that it lists everything."""
        ids = fill(subject, 3)
        pages = rounds(subject, subject.expire(cursor(subject)))
        assert all(page.full for page in pages)
        assert sorted(latest(pages)) == sorted(ids)

    def test_reading_agrees_with_listing(self, subject: Subject) -> None:
        """A record read by id is the record listed, version included."""
        fill(subject, 3)
        listed = latest(rounds(subject, None))
        assert states(subject, *listed) == listed

    def test_what_never_was_is_gone(self, subject: Subject) -> None:
        """Each id asked for is answered, also one that nobody ever had; no ids give no answers."""
        (id,) = fill(subject, 1)
        unknown = id[:-1] + ("A" if id[-1] != "A" else "B")
        assert set(states(subject, id, unknown)) == {id, unknown}
        assert isinstance(states(subject, unknown)[unknown], Gone)
        assert states(subject) == {}

    def test_every_collection_has_an_id_of_its_own(self, subject: Subject) -> None:
        """The collection that records are put in is among those listed."""
        ids = [collection.id for collection in reader(subject).collections(subject.kind)]
        assert len(ids) == len(set(ids))
        assert subject.collection in ids

    def test_a_reader_has_no_way_to_write(self, subject: Subject) -> None:
        """Planning gets a view without a write method, so that no mistake can write."""
        assert not hasattr(reader(subject), "write")

    # ---- writing ----

    def test_a_creation_returns_the_record_as_stored(self, subject: Subject) -> None:
        """The outcome holds what the side made of the values; reading it again gives the same."""
        values = subject.values(1)
        record = written(subject, create(subject, values))
        assert {name: record.values[name] for name in values} == dict(values)
        assert one(subject, record.id) == record

    def test_a_creation_is_found_by_its_mark(self, subject: Subject) -> None:
        """After a crash the action's id leads to the record; ids of other actions lead nowhere."""
        (other,) = fill(subject, 1)
        action = create(subject, subject.values(5))
        record = written(subject, action)
        edit = update(subject, record, {subject.text: "edited"})
        written(subject, edit)
        found = reader(subject).find_marks(subject.kind, [Sent(action, 0), Sent(edit, 0)])
        assert found[action.id] == (record.id,)
        assert set(found) == {action.id}
        assert record.id != other

    def test_own_writes_come_back_with_the_version_returned(self, subject: Subject) -> None:
        """The feed delivers a write of ours under the version its outcome had, so that it can be told apart."""
        since = cursor(subject)
        record = written(subject, create(subject, subject.values(1)))
        assert latest(rounds(subject, since))[record.id].version == record.version

    def test_an_update_changes_what_it_names_and_nothing_else(self, subject: Subject) -> None:
        """Fields that an action does not name keep their values; the version moves."""
        id = subject.add({**subject.values(1), subject.other: held(subject)})
        before = one(subject, id)
        after = written(subject, update(subject, before, {subject.text: "new"}))
        assert (after.values[subject.text], after.values[subject.other]) == ("new", held(subject))
        assert after.version != before.version
        assert one(subject, id) == after

    def test_none_empties_a_field(self, subject: Subject) -> None:
        """An empty value is written, not left out."""
        id = subject.add({**subject.values(1), subject.other: held(subject)})
        after = written(subject, update(subject, one(subject, id), {subject.other: None}))
        assert after.values[subject.other] is None

    def test_an_update_on_an_old_version_is_stale(self, subject: Subject) -> None:
        """What somebody changed meanwhile is not overwritten."""
        (id,) = fill(subject, 1)
        before = one(subject, id)
        subject.change(id, {subject.text: "theirs"})
        action = update(subject, before, {subject.text: "ours"})
        assert write(subject, action) == [Stale(action.id)]
        assert one(subject, id).values[subject.text] == "theirs"

    def test_a_deletion_on_an_old_version_is_stale(self, subject: Subject) -> None:
        """What somebody changed meanwhile is not deleted."""
        (id,) = fill(subject, 1)
        action = delete(subject, one(subject, id))
        subject.change(id, {subject.text: "theirs"})
        assert write(subject, action) == [Stale(action.id)]
        assert one(subject, id).values[subject.text] == "theirs"

    def test_a_deletion_deletes(self, subject: Subject) -> None:
        """The outcome has no record, and the record is gone."""
        kept, lost = fill(subject, 2)
        action = delete(subject, one(subject, lost))
        assert write(subject, action) == [Written(action.id, None)]
        assert isinstance(states(subject, lost)[lost], Gone)
        assert isinstance(states(subject, kept)[kept], Record)

    def test_what_went_meanwhile_can_be_deleted_and_not_updated(self, subject: Subject) -> None:
        """A deletion has reached its end; an update has nothing left to change."""
        (id,) = fill(subject, 1)
        record = one(subject, id)
        subject.remove(id)
        gone, edit = delete(subject, record), update(subject, record, {subject.text: "ours"})
        assert write(subject, gone) == [Written(gone.id, None)]
        assert write(subject, edit) == [Stale(edit.id)]

    def test_one_stale_action_holds_up_no_other(self, subject: Subject) -> None:
        """Each action of a call has one outcome of its own."""
        ids = fill(subject, 3)
        records = [one(subject, id) for id in ids]
        subject.change(ids[1], {subject.text: "theirs"})
        actions = [update(subject, record, {subject.text: "ours"}) for record in records]
        outcomes = {outcome.action: outcome for outcome in write(subject, *actions)}
        assert [type(outcomes[action.id]) for action in actions] == [Written, Stale, Written]
        assert [one(subject, id).values[subject.text] for id in ids] == ["ours", "theirs", "ours"]

    def test_many_actions_have_one_outcome_each(self, subject: Subject) -> None:
        """A call may hold more than the adapter sends at once."""
        actions = [create(subject, subject.values(number)) for number in range(MANY)]
        outcomes = write(subject, *actions)
        assert sorted(outcome.action for outcome in outcomes) == sorted(action.id for action in actions)
        assert all(isinstance(outcome, Written) for outcome in outcomes)
        assert len(latest(rounds(subject, None))) == MANY

    def test_nothing_is_written_once_the_lease_is_lost(self, subject: Subject) -> None:
        """The writer asks before it sends, and stops."""
        view = subject.system.writer(subject.space, lambda: False)
        with pytest.raises(LeaseLost):
            list(view.write([create(subject, subject.values(1))]))
        assert latest(rounds(subject, None)) == {}

    def test_rights_are_one_token_while_nothing_changes(self, subject: Subject) -> None:
        """The token stays, whoever edits records."""
        before = reader(subject).access()
        fill(subject, 2)
        assert reader(subject).access() == before


class CrmContract(SystemContract):
    """What the CRM's side must do besides: rights, match keys and names."""

    @pytest.fixture
    def subject(self) -> CrmSubject:
        raise AssertionError("an adapter's test gives its own subject")

    def test_a_record_that_may_not_be_read_is_barred_everywhere(self, subject: CrmSubject) -> None:
        """It is not listed, not visible and not found; asked for by id the answer is not that it is gone."""
        kept, lost = fill(subject, 2)
        text = str(one(subject, lost).values[subject.text])
        subject.bar(lost)
        view, key = reader(subject), Key("by text", ((subject.text, text),))
        assert list(latest(rounds(subject, None))) == [kept]
        assert list(view.visible(subject.kind)) == [kept]
        assert list(view.find(subject.kind, [key])) == []
        assert states(subject, lost)[lost] == Barred("crm", subject.kind, lost)

    def test_a_changed_record_that_may_not_be_read_is_named_as_barred(self, subject: CrmSubject) -> None:
        """The feed says that something happened to it, without saying what."""
        (id,) = fill(subject, 1)
        since = cursor(subject)
        subject.bar(id)
        subject.change(id, {subject.text: "secret"})
        pages = rounds(subject, since)
        assert latest(pages) == {}
        assert {barred for page in pages for barred in page.barred} == {id}

    def test_moved_rights_move_the_token(self, subject: CrmSubject) -> None:
        """Losing a right is noticed without any record changing."""
        (id,) = fill(subject, 1)
        before = reader(subject).access()
        subject.forbid(id)
        between = reader(subject).access()
        subject.bar(id)
        assert len({before, between, reader(subject).access()}) == 3

    def test_what_may_not_be_edited_says_so_and_is_refused(self, subject: CrmSubject) -> None:
        """The record is marked; an update and a deletion are refused with the reason, and nothing is written."""
        (id,) = fill(subject, 1)
        assert one(subject, id).editable
        subject.forbid(id)
        record = one(subject, id)
        actions = [update(subject, record, {subject.text: "ours"}), delete(subject, record)]
        outcomes = [outcome for action in actions for outcome in write(subject, action)]
        assert outcomes == [Refused(action.id, "no right to edit") for action in actions]
        assert not record.editable
        assert one(subject, id) == record

    def test_what_may_not_be_read_may_not_be_written(self, subject: CrmSubject) -> None:
        """Knowing id and version is not enough."""
        (id,) = fill(subject, 1)
        record = one(subject, id)
        subject.bar(id)
        action = update(subject, record, {subject.text: "ours"})
        assert write(subject, action) == [Refused(action.id, "no right to edit")]

    def test_records_are_found_by_key(self, subject: CrmSubject) -> None:
        """Every key comes back with each record that holds all its terms; a key that fits nothing does not."""
        (first, as_first), (second, as_second), (_, as_third) = subject.seconds
        ids = [
            subject.add({**subject.values(number), subject.text: "Same", subject.second: value})
            for number, value in enumerate([first, second, first])
        ]
        both = Key("both", ((subject.text, "Same"), (subject.second, as_first)))
        single = Key("single", ((subject.second, as_second),))
        nothing = Key("nothing", ((subject.text, "Same"), (subject.second, as_third)))
        found = list(reader(subject).find(subject.kind, [both, single, nothing]))
        assert sorted(found, key=repr) == sorted([(both, ids[0]), (both, ids[2]), (single, ids[1])], key=repr)

    def test_case_counts_unless_the_key_ignores_it(self, subject: CrmSubject) -> None:
        """Keys that ignore case hold folded values and find any spelling; others find their own only."""
        upper = subject.add({**subject.values(1), subject.text: "ÉCLAIR"})
        lower = subject.add({**subject.values(2), subject.text: "éclair"})
        exact = Key("exact", ((subject.text, "éclair"),))
        folded = Key("folded", ((subject.text, "éclair"),), ignore_case=True)
        found = set(reader(subject).find(subject.kind, [exact, folded]))
        assert found == {(exact, lower), (folded, lower), (folded, upper)}


class NamingSubject(CrmSubject, Protocol):
    """A CRM whose records point to others by name."""

    company: str
    """A field that is a reference found by name."""


class NamingContract(CrmContract):
    """What a CRM must do besides whose records may bring others into being by naming them."""

    @pytest.fixture
    def subject(self) -> NamingSubject:
        raise AssertionError("an adapter's test gives its own subject")

    def test_a_company_is_made_once_and_found_by_name(self, subject: NamingSubject) -> None:
        """A reference without an id makes the record it names, or takes the one that is called so."""
        named = {subject.company: Reference(None, "Harbour Ltd")}
        again = {subject.company: Reference(None, " harbour  LTD ")}
        first = written(subject, create(subject, {**subject.values(1), **named}))
        second = written(subject, create(subject, {**subject.values(2), **again}))
        made = first.values[subject.company]
        assert isinstance(made, Reference)
        assert made.id
        assert second.values[subject.company] == made
        target = subject.system.schema(subject.kind).by_name[subject.company].type.target or ""
        assert dict(reader(subject).names(target, ["HARBOUR LTD", "nobody"])) == {"harbour ltd": (made,)}


# ---- what the tests do ----

_numbers = itertools.count(1)


def held(subject: Subject) -> Value:
    """What the field ``other`` may hold."""
    value: Value = getattr(subject, "held", "kept")
    return value


def fill(subject: Subject, count: int) -> list[str]:
    return [subject.add(subject.values(number)) for number in range(count)]


def reader(subject: Subject) -> ReadView:
    return subject.system.reader(subject.space)


def writer(subject: Subject) -> WriteView:
    return subject.system.writer(subject.space, lambda: True)


def rounds(subject: Subject, since: str | None) -> list[Page]:
    return list(reader(subject).changes(subject.kind, {subject.collection: since}))


def cursor(subject: Subject) -> str:
    """Where the next round starts."""
    found = rounds(subject, None)[-1].cursor
    assert found
    return found


def latest(pages: Sequence[Page]) -> dict[str, Record]:
    """Records by id; of several rows the last one counts."""
    return {record.id: record for page in pages for record in page.records}


def states(subject: Subject, *ids: str) -> dict[str, Record | Gone | Barred]:
    found: Iterator[Record | Gone | Barred] = reader(subject).read(subject.kind, ids)
    return {state.id: state for state in found}


def one(subject: Subject, id: str) -> Record:
    state = states(subject, id)[id]
    assert isinstance(state, Record)
    return state


def create(subject: Subject, values: Mapping[str, Value]) -> Action:
    return _action(subject, verb="create", klass="create", target=None, expected_version=None, values=values)


def update(subject: Subject, record: Record, values: Mapping[str, Value]) -> Action:
    return _action(
        subject, verb="update", klass="update", target=record.id, expected_version=record.version, values=values
    )


def delete(subject: Subject, record: Record) -> Action:
    return _action(subject, verb="delete", klass="delete", target=record.id, expected_version=record.version, values={})


def _action(subject: Subject, **given: object) -> Action:
    common = {"side": subject.system.side, "kind": subject.kind, "changes": (), "entry": "contract"}
    return Action(id=f"action-{next(_numbers)}", **common, **given)


def write(subject: Subject, *actions: Action) -> list[Outcome]:
    return list(writer(subject).write(actions))


def written(subject: Subject, action: Action) -> Record:
    (outcome,) = write(subject, action)
    assert isinstance(outcome, Written), outcome
    assert outcome.record is not None
    return outcome.record
