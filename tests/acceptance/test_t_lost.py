"""A card is made and nobody hears of it: Planner keeps no mark of ours, so it is told by list, title, day, creator and
time, and where several cards fit a person is asked."""

from __future__ import annotations

from board import DOING, IDEAS, TO_DO, Board, in_days, typed
from installed import Installed, upn

CREATION = r"^/planner/tasks$"
UNCLEAR = "several items could be what a request made whose answer was lost"


def task(here: Installed, title: str) -> str:
    return here.task(title, tasklist=TO_DO, date_start=typed(3), description=f"About {title}", users="ben")


def lost(here: Installed, board: Board, *titles: str) -> list[str]:
    """A tick that makes the cards of these tasks, and all of whose answers are lost; their ids."""
    here.control.add_rule({"kind": "drop_answer"}, "POST", CREATION, part=True, count=len(titles))
    here.sync("anna")
    here.control.reset("faults")
    made = {str(card["title"]): str(card["id"]) for card in board.cards() if card["title"] in titles}
    assert sorted(made) == sorted(titles)
    assert all(board.text(title) == "" for title in titles), "the descriptions were to follow"
    return [made[title] for title in titles]


def assert_paired(here: Installed, board: Board, pairs: dict[str, str]) -> None:
    """The cards are the tasks', whole, and go on with them: CRM id ▸ card id."""
    subjects = {crm_id: values["subject"] for crm_id, values in here.tasks().items()}
    for crm_id, card in pairs.items():
        kept = board.planner.task(card)
        assert kept["details"]["description"] == f"About {subjects[crm_id]}" and len(kept["assignments"]) == 2
        here.edit_task(crm_id, taskstatus="Done")
    here.sync("anna")
    assert [board.planner.task(card)["percentComplete"] for card in pairs.values()] == [100] * len(pairs)


def test_X9_a_card_whose_answer_was_lost_is_found_and_finished(installation: Installed, board: Board) -> None:
    """Made or not: the next tick has one card with everything on it, description and all, and none twice. The CRM's
    task is as it was."""
    first = task(installation, "Call Ada")
    (card,) = lost(installation, board, "Call Ada")
    before = installation.tasks()
    installation.sync("anna")
    assert installation.tasks() == before
    assert [one["id"] for one in board.cards()] == [card]
    second = task(installation, "Call Bob")
    installation.control.add_rule({"kind": "status", "status": 504}, "POST", CREATION, part=True)
    installation.sync("anna")
    assert [one["fired"] for one in installation.control.faults()["rules"]] == [1]
    assert [one["id"] for one in board.cards()] == [card], "the other one was not made"
    installation.control.reset("faults")
    installation.sync("anna")
    assert len(board.cards()) == 2 and installation.held() == []
    assert_paired(installation, board, {first: card, second: board.of("Call Bob")["id"]})


def test_X9_a_card_that_differs_is_somebody_else_s(installation: Installed, board: Board) -> None:
    """In title, day, plan or creator: each lost card is found beside it, and the other one is left as it is. Of another
    title or day it is a task of its own; else a person is told that its task has a card."""
    installation.tandem("user", "disconnect", "cara")
    others: dict[str, dict[str, object]] = {
        "Call A": {"title": "Call A again"}, "Call B": {"dueDateTime": in_days(5)}, "Call C": {"place": IDEAS},
        "Call D": {"by": upn("cara")},
    }  # fmt: skip
    crm = {title: task(installation, title) for title in others}
    made = lost(installation, board, *others)
    theirs = [
        board.card(**{"title": title, "text": "Another", "place": TO_DO, **other})  # type: ignore[arg-type]
        for title, other in others.items()
    ]
    installation.sync("anna")
    assert {card["id"] for card in board.cards()} == {*made, *theirs}
    assert [board.planner.task(card)["details"]["description"] for card in theirs] == ["Another"] * 4
    assert sorted(one["title"] for one in installation.held()) == ["Call C", "Call D"]
    assert {one["reason"] for one in installation.held()} == {"the CRM record that matches belongs to another item"}
    assert len(installation.tasks()) == 6
    assert_paired(installation, board, dict(zip(crm.values(), made, strict=True)))


def test_X9_where_several_cards_fit_a_person_decides(installation: Installed, board: Board) -> None:
    """A colleague made such cards in the same minutes: the tasks are held and no card is touched, until somebody
    removes all but one, whichever it is; that one is the task's."""
    crm = [task(installation, title) for title in ("Call Ada", "Call Bob")]
    ada, bob = lost(installation, board, "Call Ada", "Call Bob")
    other_ada, other_bob = (board.card(title, DOING, to=("anna", "ben")) for title in ("Call Ada", "Call Bob"))
    installation.sync("anna")
    installation.sync("anna")
    held = [one for one in installation.held() if UNCLEAR in one["reason"]]
    assert sorted(one["title"] for one in held) == ["Call Ada", "Call Bob"]
    assert {card["id"] for card in board.cards()} == {ada, bob, other_ada, other_bob}
    assert set(installation.tasks()) == set(crm)
    board.planner.delete_task(other_ada)
    board.planner.delete_task(bob)
    installation.sync("anna")
    assert {card["id"] for card in board.cards()} == {ada, other_bob} and set(installation.tasks()) == set(crm)
    assert installation.held() == []
    assert_paired(installation, board, dict(zip(crm, (ada, other_bob), strict=True)))
