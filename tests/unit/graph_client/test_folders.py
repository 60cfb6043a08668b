"""The tree of contact folders: paths, odd names, and what lies outside of it."""

from __future__ import annotations

import pytest
import responses
from graph_stub import ROOT
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Unavailable
from engine.records import Reference
from graph_client.folders import Folders, ensure, escape, locate, split
from graph_client.session import Session

HOME = "home"
TREE = [("a", "Clients", HOME), ("b", "North", "a"), ("bin", "Old", "deleted-items"), ("loop", "L", "loop")]


def test_paths_lead_from_the_default_folder() -> None:
    """Folders that do not lie below it, in Deleted Items or in a circle, are not part of the tree."""
    folders = Folders(HOME, TREE)
    assert [one.name for one in folders.all()] == ["Contacts", "Clients", "Clients/North"]
    assert ("bin" in folders, "loop" in folders, "" in folders, HOME in folders) == (False, False, True, True)
    assert folders.reference(HOME) == Reference("", "Contacts")
    assert folders.reference("elsewhere") == Reference("elsewhere", "")
    assert folders.real("") == HOME


def test_two_folders_may_carry_one_name() -> None:
    """Both are told: who writes must not guess."""
    folders = Folders(HOME, [("a", "Clients", HOME), ("b", "clients", HOME)])
    assert {one.id for one in folders.called("CLIENTS")} == {"a", "b"}


@given(st.lists(st.text("ab/\\ é", min_size=1).filter(lambda name: name == name.strip() and not name.endswith("\\"))))
def test_a_slash_in_a_name_is_no_step(names: list[str]) -> None:
    """Law: a path made of names gives these names again."""
    assert split("/".join(escape(name) for name in names)) == [name for name in names if name]


def test_an_unknown_folder_is_looked_for_upwards(session: Session, answers: responses.RequestsMock) -> None:
    """A folder that a listing missed is found by its parents; one that leads nowhere is no contact folder."""
    answers.get(f"{ROOT}/me/contactFolders/new", json={"id": "new", "displayName": "New", "parentFolderId": "mid"})
    answers.get(f"{ROOT}/me/contactFolders/mid", json={"id": "mid", "displayName": "Mid", "parentFolderId": "a"})
    found = locate(session, Folders(HOME, TREE), "new")
    assert found is not None
    assert found.reference("new").name == "Clients/Mid/New"
    answers.get(f"{ROOT}/me/contactFolders/gone", json={"id": "gone", "displayName": "G", "parentFolderId": "trash"})
    answers.get(f"{ROOT}/me/contactFolders/trash", status=404, json={"error": {"code": "ErrorItemNotFound"}})
    assert locate(session, Folders(HOME, TREE), "gone") is None


def test_a_lost_answer_makes_no_second_folder(session: Session, answers: responses.RequestsMock) -> None:
    """After a server error the folders are read again: if it is not there, nothing is guessed."""
    answers.post(f"{ROOT}/me/contactFolders", status=504)
    rows = {"value": [], "@odata.deltaLink": f"{ROOT}/me/contactFolders/delta?$deltatoken=x"}
    parts = [{"id": "0", "status": 200, "body": {"id": HOME}}, {"id": "1", "status": 200, "body": rows}]
    answers.post(f"{ROOT}/$batch", json={"responses": parts})
    with pytest.raises(Unavailable, match="did not make"):
        ensure(session, Folders(HOME, TREE), "New")
    assert [call.request.url for call in answers.calls] == [f"{ROOT}/me/contactFolders", f"{ROOT}/$batch"]
