"""Writes whose answers are odd: what each outcome says, and what it must never say."""

from __future__ import annotations

import json

import pytest
import responses
from graph_stub import ROOT, Turn, on_batch

from engine.errors import SignInNeeded, Unavailable
from engine.plans import Action, Verb
from engine.port import Outcome, Refused, Stale, Unknown, Written
from engine.records import Reference, Value
from graph_client.contacts import Contacts
from graph_client.folders import Folders
from graph_client.marks import MARK
from graph_client.session import Session
from graph_client.writing import Writer

HOME = "folder-home"
ROW = {"id": "c1", "@odata.etag": 'W/"1"', "parentFolderId": HOME, "givenName": "Zebedee", "displayName": "Zeb"}


def action(id: str, verb: Verb, target: str | None = None, **values: Value) -> Action:
    return Action(
        id=id, side="m365", kind="contact", verb=verb, klass=verb, target=target,
        expected_version='W/"1"' if target else None, values=values, changes=(), entry="e",
    )  # fmt: skip


def error(status: int, code: str = "", **headers: str) -> dict[str, object]:
    return {"status": status, "headers": headers, "body": {"error": {"code": code, "message": "Zebedee Canary"}}}


@pytest.fixture
def writer(session: Session) -> Writer:
    rows = [("folder-a", "Clients", HOME), ("folder-b", "North", "folder-a")]
    return Writer(Contacts(session, Folders(HOME, rows)))


def once(writer: Writer, answers: responses.RequestsMock, act: Action, *turns: Turn) -> Outcome:
    on_batch(answers, *turns)
    (outcome,) = writer.write([act])
    return outcome


def present(item: dict[str, object]) -> dict[str, object]:
    """The read before an update or a deletion."""
    assert item["method"] == "GET"
    return {"status": 200, "body": ROW}


def test_a_creation_carries_its_mark_and_name(writer: Writer, answers: responses.RequestsMock) -> None:
    """The action's id goes as an extended property; empty fields are left out; the display name is made here."""
    act = action("a1", "create", givenName="Ann", surname=None, businessPhones=None)
    outcome = once(writer, answers, act, lambda item: {"status": 201, "body": ROW})
    assert isinstance(outcome, Written)
    sent = json.loads(answers.calls[0].request.body)["requests"][0]
    assert (sent["method"], sent["url"]) == ("POST", "/me/contacts")
    assert sent["body"] == {
        "givenName": "Ann", "displayName": "Ann",
        "singleValueExtendedProperties": [{"id": MARK, "value": "a1"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        (None, "/me/contacts"),
        (Reference("", "Contacts"), "/me/contacts"),
        (Reference(None, "contacts"), "/me/contacts"),
        (Reference("folder-b", "any"), "/me/contactFolders/folder-b/contacts"),
        (Reference(None, "CLIENTS/north"), "/me/contactFolders/folder-b/contacts"),
    ],
)
def test_the_folder_is_part_of_the_address(
    writer: Writer, answers: responses.RequestsMock, folder: Reference | None, path: str
) -> None:
    """A folder is meant by id, or by path without case; none, and the default one, is /me/contacts."""
    once(writer, answers, action("a", "create", parentFolder=folder), lambda item: {"status": 201, "body": ROW})
    assert json.loads(answers.calls[0].request.body)["requests"][0]["url"] == path


def test_a_folder_that_is_gone_refuses_the_creation(writer: Writer, answers: responses.RequestsMock) -> None:
    """A contact is never put elsewhere in silence."""
    (outcome,) = writer.write([action("a", "create", parentFolder=Reference("folder-x", "Old"))])
    assert outcome == Refused("a", "the contact folder no longer exists")
    assert len(answers.calls) == 0


@pytest.mark.parametrize("status", [500, 502, 503, 504, 424])
def test_a_lost_creation_is_unknown(writer: Writer, answers: responses.RequestsMock, status: int) -> None:
    """It may exist: only its mark can tell."""
    assert once(writer, answers, action("a", "create"), lambda item: error(status)) == Unknown("a")
    assert len(answers.calls) == 1


def test_a_creation_whose_answer_holds_no_contact_is_unknown(writer: Writer, answers: responses.RequestsMock) -> None:
    """A 201 without the contact can't be recorded; the mark finds it."""
    assert once(writer, answers, action("a", "create"), lambda item: {"status": 201, "body": None}) == Unknown("a")


@pytest.mark.parametrize(
    ("status", "code", "word"),
    [(400, "ErrorPropertyValidationFailure", "accept"), (403, "ErrorAccessDenied", "allow"), (413, "", "accept")],
)
@pytest.mark.parametrize("verb", ["create", "update"])
def test_refusals_name_the_code_and_no_data(
    writer: Writer, answers: responses.RequestsMock, verb: Verb, status: int, code: str, word: str
) -> None:
    """The reason is status and code; the service's message, which may quote values, stays out."""
    act = action("a", verb, target="c1" if verb == "update" else None, givenName="Zebedee")
    refused = error(status, code)
    turns: list[Turn] = [present, lambda item: refused] if verb == "update" else [lambda item: refused]
    outcome = once(writer, answers, act, *turns)
    assert isinstance(outcome, Refused)
    assert word in outcome.reason
    assert str(status) in outcome.reason
    assert "zebedee" not in outcome.reason.lower()


@pytest.mark.parametrize("status", [409, 412, 404])
def test_an_update_of_what_changed_or_went_is_stale(
    writer: Writer, answers: responses.RequestsMock, status: int
) -> None:
    """The service refused it: somebody was faster."""
    code = "ErrorItemNotFound" if status == 404 else "ErrorIrresolvableConflict"
    assert once(writer, answers, action("a", "update", "c1"), present, lambda item: error(status, code)) == Stale("a")


def test_an_update_of_another_version_is_not_sent(writer: Writer, answers: responses.RequestsMock) -> None:
    """What was read before shows it already."""
    seen = on_batch(answers, lambda item: {"status": 200, "body": {**ROW, "@odata.etag": 'W/"2"'}})
    assert list(writer.write([action("a", "update", "c1"), action("b", "delete", "c1")])) == [Stale("a"), Stale("b")]
    assert len(seen) == 1


def test_an_update_has_a_condition_and_the_display_name(writer: Writer, answers: responses.RequestsMock) -> None:
    """If-Match carries the version; the present display name goes along, for it would be made anew."""
    once(writer, answers, action("a", "update", "c1", mobilePhone="1"), present, lambda i: {"status": 200, "body": ROW})
    sent = json.loads(answers.calls[1].request.body)["requests"][0]
    assert sent["headers"]["If-Match"] == 'W/"1"'
    assert sent["body"] == {"mobilePhone": "1", "displayName": "Zeb"}


def test_an_update_answered_without_a_body_is_read_again(writer: Writer, answers: responses.RequestsMock) -> None:
    """The outcome holds the contact as the service has it."""
    answers.get(f"{ROOT}/me/contacts/c1", json={**ROW, "@odata.etag": 'W/"9"'})
    outcome = once(writer, answers, action("a", "update", "c1"), present, lambda item: {"status": 204})
    assert isinstance(outcome, Written)
    assert outcome.record is not None
    assert outcome.record.version == 'W/"9"'


def test_deleting_what_is_gone_is_done(writer: Writer, answers: responses.RequestsMock) -> None:
    """404 before, or when deleting, is what was wanted."""
    gone = error(404, "ErrorItemNotFound")
    seen = on_batch(answers, lambda item: gone if item["method"] == "DELETE" or "c2" in item["url"] else present(item))
    outcomes = list(writer.write([action("a", "delete", "c1"), action("b", "delete", "c2")]))
    assert sorted(outcomes, key=str) == [Written("a", None), Written("b", None)]
    assert len(seen) == 2


def test_a_mailbox_that_is_not_there_deletes_nothing(writer: Writer, answers: responses.RequestsMock) -> None:
    """404 of the mailbox proves nothing about a contact."""
    on_batch(answers, lambda item: error(404, "MailboxNotEnabledForRESTAPI"))
    with pytest.raises(Unavailable, match="Nothing was taken as deleted"):
        list(writer.write([action("a", "delete", "c1")]))


def test_what_was_done_is_told_before_the_work_ends(writer: Writer, answers: responses.RequestsMock) -> None:
    """A full mailbox ends the writing, after the outcomes of the same wave; nothing more is sent."""

    def turn(item: dict[str, object]) -> dict[str, object]:
        return error(507, "ErrorQuotaExceeded") if item["id"] == "0" else {"status": 201, "body": ROW}

    seen = on_batch(answers, turn)
    told: list[str] = []
    with pytest.raises(Unavailable, match="mailbox is full"):
        told.extend(one.action for one in writer.write([action(f"a{n}", "create") for n in range(6)]))
    assert told == ["a1", "a2", "a3"]
    assert len(seen) == 1


def test_an_item_that_stays_unauthorised_needs_a_sign_in(writer: Writer, answers: responses.RequestsMock) -> None:
    """A token that is refused twice ends the work for this account."""
    on_batch(answers, lambda item: error(401))
    with pytest.raises(SignInNeeded):
        list(writer.write([action("a", "create")]))


def test_a_contact_too_large_is_refused_unsent(writer: Writer, answers: responses.RequestsMock) -> None:
    """Beyond the platform's limit nothing is sent."""
    (outcome,) = writer.write([action("a", "create", personalNotes="n" * 4_000_000)])
    assert outcome == Refused("a", "larger than Microsoft 365 takes")
    assert len(answers.calls) == 0


def test_a_contact_in_deleted_items_is_gone(writer: Writer, answers: responses.RequestsMock) -> None:
    """Its folder is no contact folder: an update is stale, a deletion is done."""
    answers.get(f"{ROOT}/me/contactFolders/bin", status=404, json={"error": {"code": "ErrorItemNotFound"}})
    on_batch(answers, lambda item: {"status": 200, "body": {**ROW, "parentFolderId": "bin"}})
    outcomes = list(writer.write([action("a", "update", "c1"), action("b", "delete", "c1")]))
    assert outcomes == [Stale("a"), Written("b", None)]


def test_a_folder_that_appeared_meanwhile_is_used(writer: Writer, answers: responses.RequestsMock) -> None:
    """When making a folder is refused because it is there, or its answer is lost, the folder is looked for."""
    answers.post(f"{ROOT}/me/contactFolders", status=409, json={"error": {"code": "ErrorFolderExists"}})
    answers.get(f"{ROOT}/me/contactFolders/delta", json={})
    folders = [{"id": "folder-n", "displayName": "New", "parentFolderId": HOME}]

    def turn(item: dict[str, object]) -> dict[str, object]:
        if item["url"].startswith("/me/contactFolders/contacts?"):  # type: ignore[attr-defined]
            return {"status": 200, "body": {"id": HOME}}
        if "/delta" in str(item["url"]):
            return {"status": 200, "body": {"value": folders, "@odata.deltaLink": f"{ROOT}/me/contactFolders/delta?x"}}
        assert item["url"] == "/me/contactFolders/folder-n/contacts"
        return {"status": 201, "body": ROW}

    outcome = once(writer, answers, action("a", "create", parentFolder=Reference(None, "New")), turn)
    assert isinstance(outcome, Written)


def test_a_folder_that_may_not_be_made_refuses_the_creation(writer: Writer, answers: responses.RequestsMock) -> None:
    """The reason says that the folder is what was refused."""
    answers.post(f"{ROOT}/me/contactFolders", status=403, json={"error": {"code": "ErrorAccessDenied"}})
    (outcome,) = writer.write([action("a", "create", parentFolder=Reference(None, "Zebedee"))])
    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith("Microsoft 365 refused to make the folder")
    assert "Zebedee" not in outcome.reason
