"""Planner keeps no mark of what was written: lost creations and moves are told by their looks, and never at the cost of
what a person made."""

from __future__ import annotations

import pytest
from planner_memory import planner_world
from task_world import TaskWorld, account, bucket, compiled, list_

from engine.records import Record
from engine.sync.settle import shared_out


@pytest.fixture
def world() -> TaskWorld:
    return planner_world(compiled())


def failing(world: TaskWorld, *faults: str | None, verb: str) -> None:
    """The next writes of this kind to Planner go wrong, each in its way."""
    left = list(faults)
    world.m365.fault = lambda action: left.pop(0) if left and action.verb == verb else None


def linked(world: TaskWorld) -> dict[str | None, str | None]:
    return {link.crm_id: link.m365_id for link in world.links()}


def settled(world: TaskWorld) -> None:
    assert world.plan().empty
    assert world.plan(everything=True).empty


def half_moved(world: TaskWorld) -> tuple[Record, Record, Record]:
    """A task, its card, and the copy that was made of it in another plan when the answer was lost."""
    task = world.task(description="Ours")
    world.sync()
    (card,) = world.cards()
    world.edit_task(task.id, tasklist=list_("ideas"))
    failing(world, "half", verb="move")
    world.sync()
    (copy,) = [one for one in world.cards() if one.id != card.id]
    return task, card, copy


@pytest.mark.parametrize("faults", [("lost", "lost"), ("lost", "unsent"), ("unsent", "lost"), ("half", "half")])
def test_creations_that_look_alike_get_one_card_each(world: TaskWorld, faults: tuple[str, str]) -> None:
    """Two tasks of one title and day, and no answer: whatever was made is shared out, and nothing is made twice."""
    world.task(subject="Call", description="One")
    world.task(subject="Call", description="Two")
    failing(world, *faults, verb="create")
    world.sync()
    world.sync()
    world.sync()
    assert len(set(linked(world).values())) == 2 == len(world.cards()) == len(world.tasks())
    assert {card.values["details"] for card in world.cards()} == {("One",), ("Two",)}
    settled(world)


@pytest.mark.parametrize("fault", ["lost", "half"])
@pytest.mark.parametrize("again", [False, True])
def test_a_creation_of_which_nobody_heard_is_recognised(world: TaskWorld, fault: str, again: bool) -> None:
    """For the first time, or made again after a deletion in Planner: the new card takes the place, gets the text that
    is not there yet, and tells the CRM nothing: neither that it had no text, nor who is assigned anyway."""
    task = world.task(description="Ours", users=("ben",))
    if again:
        world.sync()
        (card,) = world.cards()
        world.m365.remove("plannerTask", card.id)
    failing(world, fault, verb="create")
    world.sync()
    (made,) = world.cards()
    world.sync()
    world.sync()
    assert linked(world) == {task.id: made.id}
    assert [one.values for one in world.tasks()] == [task.values]
    assert [one.values["details"] for one in world.cards()] == [("Ours",)]
    settled(world)


def test_a_card_edited_while_its_move_is_open_is_recognised(world: TaskWorld) -> None:
    """The old card got another day before the copy was looked for: the copy has the day that was agreed."""
    task, card, copy = half_moved(world)
    world.edit_card(card.id, dueDateTime=world.day(9, 10))
    world.sync()
    world.sync()
    assert [one.id for one in world.cards()] == [copy.id]
    assert linked(world) == {task.id: copy.id}
    settled(world)


def test_a_card_that_took_a_day_along_nobody_agreed_on_is_recognised(world: TaskWorld) -> None:
    """Its due date was taken away in Planner, which leaves the CRM's start as it is; then it moved, and the old card,
    which alone knew, is gone: the copy is told by all the rest."""
    task = world.task(description="Ours")
    world.sync()
    (card,) = world.cards()
    world.edit_card(card.id, dueDateTime=None)
    world.edit_task(task.id, tasklist=list_("ideas"))
    failing(world, "lost", verb="move")
    world.sync()
    (copy,) = world.cards()
    world.sync()
    assert [one.id for one in world.cards()] == [copy.id] and len(world.tasks()) == 1
    assert linked(world) == {task.id: copy.id}
    settled(world)


def test_a_card_that_merely_looks_like_the_copy_is_left_alone(world: TaskWorld) -> None:
    """The move was never sent; somebody made such a card, with a text of its own: it is neither written over nor taken
    back, and becomes a task of its own."""
    task = world.task(description="Ours")
    world.sync()
    (card,) = world.cards()
    world.edit_task(task.id, tasklist=list_("ideas"))
    failing(world, "unsent", verb="move")
    world.sync()
    theirs = world.card("ideas", "ben", dueDateTime=card.values["dueDateTime"], text="Theirs")
    world.edit_task(task.id, tasklist=list_("to-do"))
    world.sync()
    world.sync()
    assert {one.id: one.values["details"] for one in world.cards()} == {card.id: ("Ours",), theirs.id: ("Theirs",)}
    assert linked(world)[task.id] == card.id


def test_a_copy_among_cards_that_look_alike_is_told_by_its_text(world: TaskWorld) -> None:
    """One has the text that was moved, one another: the move goes on with its own."""
    task, card, copy = half_moved(world)
    theirs = world.card("ideas", "ben", dueDateTime=card.values["dueDateTime"], text="Theirs")
    world.sync()
    world.sync()
    assert {one.id for one in world.cards()} == {copy.id, theirs.id}
    assert linked(world)[task.id] == copy.id
    settled(world)


def test_a_move_cut_short_after_one_that_was_lost_leaves_no_copy(world: TaskWorld) -> None:
    """There and back again, and no answer either time: the first copy is what the second move started from."""
    task = world.task()
    world.sync()
    world.edit_task(task.id, tasklist=list_("ideas"))
    failing(world, "lost", verb="move")
    world.sync()
    world.edit_task(task.id, tasklist=list_("doing"))
    failing(world, "half", verb="move")
    world.sync()
    world.sync()
    world.sync()
    (card,) = world.cards()
    assert (card.values["bucket"], linked(world)) == (bucket("doing"), {task.id: card.id})
    settled(world)


def test_an_unread_text_is_in_the_journal_before_it_is_deleted(world: TaskWorld) -> None:
    """Far from its day nobody has read what Planner's text became: it is read when its card goes with the task."""
    task = world.task(date_start=world.day(100, 8), description="One")
    world.sync()
    (card,) = world.cards()
    world.edit_card(card.id, text="Two")
    world.crm.remove("Task", task.id)
    world.sync()
    (deletion,) = [action for action in world.done if action.verb == "delete"]
    assert {change.path: change.before for change in deletion.changes}["details.description"] == "Two"


def test_whoever_is_in_charge_decides_when_a_card_meets_its_task(world: TaskWorld) -> None:
    """A new card of Cleo's matches a task of Ben's, who syncs nothing: neither side is written."""
    world.settings["ben"] = {"direction": "off"}
    world.task("ben", subject="Call", users=("cleo",))
    world.card("doing", "cleo", title="Call", dueDateTime=world.day(3, 10))
    world.sync()
    assert world.done == []


def test_whoever_was_in_charge_decides_when_a_task_is_deleted(world: TaskWorld) -> None:
    """Anna takes nothing to Planner, Ben does: his task's card goes although she is assigned too."""
    world.settings["anna"] = {"direction": "to_crm"}
    task = world.task("ben", users=("anna",))
    world.sync()
    (card,) = world.cards()
    assert card.values["assignments"] == (account("anna"), account("ben"))
    world.crm.remove("Task", task.id)
    world.sync()
    assert world.cards() == []


@pytest.mark.parametrize(
    ("made", "shared"),
    [
        ({"a": ("1",)}, {"a": ("1",)}),
        ({"a": ("1",), "b": ("1",)}, {"a": ("1",), "b": ()}),
        ({"a": ("1", "2"), "b": ("1", "2")}, {"a": ("1",), "b": ("2",)}),
        ({"a": ("1", "2"), "b": ("1",)}, {"a": ("2",), "b": ("1",)}),
        ({"a": ("1", "2")}, {"a": ("1", "2")}),
        ({"a": ("1", "2", "3"), "b": ("3",)}, {"a": ("1", "2", "3"), "b": ("3",)}),
        ({"a": ("1",), "b": ("2", "3")}, {"a": ("1",), "b": ("2", "3")}),
    ],
)
def test_items_are_shared_out_among_what_may_have_made_them(
    made: dict[str, tuple[str, ...]], shared: dict[str, tuple[str, ...]]
) -> None:
    """As long as there are no more items than actions; otherwise only a person can tell."""
    assert shared_out(made) == shared


def test_a_task_that_waited_alone_goes_with_the_card_it_was_being_matched_with(world: TaskWorld) -> None:
    """Its creation was refused, somebody made such a card, and the answer to what the match wrote was lost: one card,
    one link, and nothing is made beside them."""
    task = world.task(subject="Call", users=("ben",))
    failing(world, "refuse", verb="create")
    world.sync()
    assert [link.state for link in world.links()] == ["held"]
    card = world.card("to-do", "anna", title="Call")
    failing(world, "lost", verb="update")
    world.sync()
    world.edit_task(task.id, description="Edited")
    world.sync()
    world.sync()
    assert [one.id for one in world.cards()] == [card.id]
    assert [(link.crm_id, link.m365_id, link.state) for link in world.links()] == [(task.id, card.id, "linked")]
    settled(world)
