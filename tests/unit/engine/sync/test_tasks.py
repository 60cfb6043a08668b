"""Tasks and Planner in memory: one shared space, members' rules, moves, merged lists, fetched texts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from task_world import TaskWorld, account, bucket, compiled, list_

from engine.plans import Action
from engine.records import Record


@pytest.fixture
def world() -> TaskWorld:
    return TaskWorld(compiled())


def settled(world: TaskWorld) -> None:
    """Neither the next plan nor one that looks at everything would write."""
    assert world.plan().empty
    assert world.plan(everything=True).empty


def pair(world: TaskWorld) -> tuple[Record, Record]:
    """The only task and the only card."""
    (task,), (card,) = world.tasks(), world.cards()
    return task, card


def synced(world: TaskWorld, **values: object) -> tuple[Record, Record]:
    world.task(**values)  # type: ignore[arg-type]
    world.sync()
    settled(world)
    return pair(world)


# ---- who, and whose rules -----------------------------------------------------------------------------------------


def test_a_card_becomes_the_assigned_members_task(world: TaskWorld) -> None:
    """New in Planner: the first member it is assigned to owns the task; a card assigned to nobody waits."""
    world.card(by="cleo", title="Hers")
    world.m365.add("plannerTask", {"title": "Nobody's", "bucket": bucket("to-do")})
    world.sync()
    (task,) = world.tasks()
    assert (task.values["subject"], task.values["assigned_user_id"]) == ("Hers", "cleo")
    assert task.values["users"] == ("cleo",)
    settled(world)


def test_each_user_decides_for_the_own_tasks(world: TaskWorld) -> None:
    """A member who syncs one way only is not written to from Planner; the others' tasks go on."""
    world.settings["anna"] = {"direction": "to_m365"}
    hers, his = world.task("anna", subject="Hers"), world.task("ben", subject="His")
    world.sync()
    for card in world.cards():
        world.edit_card(card.id, title=f"{card.values['title']}, edited")
    world.sync()
    subjects = {task.id: task.values["subject"] for task in world.tasks()}
    assert subjects == {hers.id: "Hers", his.id: "His, edited"}
    assert world.plan().empty


def test_one_card_for_all_who_see_it(world: TaskWorld) -> None:
    """A task of three members is one link and one card."""
    synced(world, owner="anna", users=("ben", "cleo"))
    assert len(world.links()) == 1


def test_people_are_merged_one_by_one(world: TaskWorld) -> None:
    """Somebody added here and somebody removed there: both edits survive; strangers stay assigned."""
    task, card = synced(world, owner="anna", users=("ben",))
    world.edit_task(task.id, users=("ben", "cleo"))
    world.edit_card(card.id, assignments=(account("anna"), "a stranger"))
    world.sync()
    task, card = pair(world)
    assert task.values["users"] == ("cleo",)
    assert set(card.values["assignments"] or ()) == {account("anna"), account("cleo"), "a stranger"}  # type: ignore[arg-type]
    settled(world)


def test_assigned_to_never_changes_from_planner(world: TaskWorld) -> None:
    """Whoever is taken off the card stays the task's owner, and is not put back; the last removal reaches the users."""
    task, card = synced(world, owner="anna", users=("ben",))
    world.edit_card(card.id, assignments=None)
    world.sync()
    task, card = pair(world)
    assert (task.values["assigned_user_id"], task.values["users"], card.values["assignments"]) == ("anna", None, None)
    settled(world)


def test_a_task_that_is_nobodys_any_more_sleeps(world: TaskWorld) -> None:
    """Given to somebody who is not connected it is left alone on both sides, and wakes when it comes back."""
    task, _card = synced(world, owner="anna")
    world.edit_task(task.id, assigned_user_id="stranger", subject="Away")
    world.sync()
    assert [link.state for link in world.links()] == ["dormant"]
    assert pair(world)[1].values["title"] == "Task"
    world.edit_task(task.id, assigned_user_id="ben")
    world.sync()
    assert pair(world)[1].values["title"] == "Away"
    settled(world)


def test_another_members_clock_changes_nothing(world: TaskWorld) -> None:
    """Start times and zones of two users on one task don't pull it to and fro."""
    world.zones = {"anna": "Asia/Tokyo", "ben": "America/Los_Angeles"}
    world.settings = {"anna": {"start_time": "07:00"}, "ben": {"start_time": "15:30"}}
    synced(world, owner="ben", users=("anna",))
    world.edit_task(pair(world)[0].id, assigned_user_id="anna", users=("ben",))
    world.sync()
    before = pair(world)[0].values["date_start"]
    for _ in range(3):
        world.sync()
    assert pair(world)[0].values["date_start"] == before
    settled(world)


# ---- fields -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "percent"), [("Not Started", 0), ("In Progress", 50), ("On Hold", 50), ("Done", 100), ("Own", 50)]
)
def test_a_status_becomes_a_percentage(world: TaskWorld, status: str, percent: int) -> None:
    """Every status has its percentage, an organisation's own ones included."""
    assert synced(world, taskstatus=status)[1].values["percentComplete"] == percent


def test_thirty_percent_stays(world: TaskWorld) -> None:
    """What somebody typed in Planner is In Progress in the CRM, and is never reset to 50."""
    world.card(percentComplete=30)
    world.sync()
    task, card = pair(world)
    world.edit_task(task.id, subject="Edited")
    world.sync()
    task, card = pair(world)
    assert (task.values["taskstatus"], card.values["percentComplete"]) == ("In Progress", 30)
    settled(world)


def test_the_crm_wins_as_a_whole(world: TaskWorld) -> None:
    """Both edited, different fields: Planner takes the whole CRM record; edited in Planner alone, the CRM follows."""
    task, card = synced(world)
    world.edit_card(card.id, title="From Planner")
    world.sync()
    assert pair(world)[0].values["subject"] == "From Planner"
    world.edit_task(task.id, taskstatus="Done")
    world.edit_card(pair(world)[1].id, title="Once more")
    world.sync()
    task, card = pair(world)
    assert (card.values["title"], card.values["percentComplete"]) == ("From Planner", 100)
    settled(world)


def test_a_due_date_taken_away_leaves_the_start(world: TaskWorld) -> None:
    """Without a due date in Planner the CRM's start stays as it is, and Planner's stays empty."""
    task, card = synced(world)
    start = task.values["date_start"]
    world.edit_card(card.id, dueDateTime=None)
    world.sync()
    task, card = pair(world)
    assert (task.values["date_start"], card.values["dueDateTime"]) == (start, None)
    settled(world)


def test_a_card_without_a_due_date_starts_today(world: TaskWorld) -> None:
    """Its task starts on the day of the sync at the user's start time."""
    world.settings["anna"] = {"start_time": "07:30"}
    world.card(dueDateTime=None)
    world.sync()
    assert pair(world)[0].values["date_start"] == "2026-11-22T07:30:00Z"
    settled(world)


def test_completed_long_ago_brings_nothing_to_the_crm(world: TaskWorld) -> None:
    """Two weeks after its completion a card's changes stay in Planner; reopened, it catches up."""
    _task, card = synced(world)
    old = f"{world.now - timedelta(days=20):%Y-%m-%dT%H:%M:%SZ}"
    world.m365.normalise = lambda kind, values: values  # completed before the world began
    world.edit_card(card.id, percentComplete=100, completedDateTime=old, title="Old news")
    world.sync()
    assert pair(world)[0].values["subject"] == "Task"
    assert world.plan().empty
    world.edit_card(card.id, percentComplete=50, completedDateTime=None)
    world.sync()
    assert pair(world)[0].values["subject"] == "Old news"
    settled(world)


# ---- the text, which is fetched apart -----------------------------------------------------------------------------


def test_a_text_near_its_day_goes_both_ways(world: TaskWorld) -> None:
    """Within a month of now the descriptions are one."""
    _task, card = synced(world, description="One")
    assert card.values["details"] == ("One",)
    world.edit_card(card.id, text="Two")
    world.sync()
    assert pair(world)[0].values["description"] == "Two"
    settled(world)


def test_a_text_far_from_its_day_is_left_until_the_crm_speaks(world: TaskWorld) -> None:
    """Planner's text is neither read nor overwritten; once the CRM record is edited, the CRM's counts."""
    task, card = synced(world, date_start=world.day(100, 8), description="One")
    world.edit_card(card.id, text="Two", title="Edited")
    world.sync()
    task, card = pair(world)
    assert (task.values["description"], card.values["details"], task.values["subject"]) == ("One", ("Two",), "Edited")
    settled(world)
    world.edit_task(task.id, taskstatus="In Progress")
    world.sync()
    assert pair(world)[1].values["details"] == ("One",)
    settled(world)


def test_no_empty_text_over_one_nobody_has_seen(world: TaskWorld) -> None:
    """A card born far from its day has a text the CRM never read: an edit of another field doesn't erase it."""
    world.card(dueDateTime=world.day(100, 10), text="Unread")
    world.sync()
    task, _card = pair(world)
    assert task.values["description"] is None
    world.edit_task(task.id, subject="Edited")
    world.sync()
    assert pair(world)[1].values["details"] == ("Unread",)
    world.now += timedelta(days=80)
    world.sync()
    assert pair(world)[0].values["description"] == "Unread"
    settled(world)


# ---- lists and moves ----------------------------------------------------------------------------------------------


def test_a_task_without_a_planner_list_waits_for_a_default(world: TaskWorld) -> None:
    """An own list of the CRM means nothing in Planner: the user's default list takes the card, and the CRM's stays."""
    world.task(tasklist="own")
    world.sync()
    assert world.cards() == []
    world.settings["anna"] = {"default_list": "The move / Ideas"}
    world.sync()
    task, card = pair(world)
    assert (task.values["tasklist"], card.values["bucket"]) == (list_("own"), bucket("ideas"))
    settled(world)


def test_a_default_list_that_is_not_there_creates_nothing(world: TaskWorld) -> None:
    """Nobody knows where the card would go: it is not made somewhere else, and the reason is told."""
    world.settings["anna"] = {"default_list": "No such / List"}
    world.task(tasklist="own")
    (decision,) = world.plan().decisions
    assert [refusal.reason for refusal in decision.refusals] == ["what the setting default_list names is not there"]
    assert decision.actions == ()


def test_a_list_follows_either_way(world: TaskWorld) -> None:
    """Changed in Planner the CRM follows; changed in the CRM the card moves, to another plan as well."""
    task, card = synced(world)
    world.edit_card(card.id, bucket=bucket("doing"))
    world.sync()
    assert pair(world)[0].values["tasklist"] == list_("doing")
    world.edit_task(task.id, tasklist=list_("ideas"))
    plan = world.plan()
    assert [(action.verb, action.klass) for action in plan.actions] == [("move", "move")]
    world.sync()
    task, card = pair(world)
    assert (card.values["bucket"], [link.m365_id for link in world.links()]) == (bucket("ideas"), [card.id])
    settled(world)


def test_an_own_list_later_moves_nothing(world: TaskWorld) -> None:
    """A linked task that gets one of the CRM's own lists stays where it is in Planner, without a complaint."""
    world.settings["anna"] = {"default_list": "The move / Ideas"}
    task, card = synced(world)
    world.edit_task(task.id, tasklist=list_("own"))
    world.sync()
    task, card = pair(world)
    assert (task.values["tasklist"], card.values["bucket"]) == (list_("own"), bucket("to-do"))
    assert [link.state for link in world.links()] == ["linked"]
    settled(world)


@pytest.mark.parametrize("fault", ["half", "lost", "unsent"])
def test_a_move_that_was_cut_short_is_finished(world: TaskWorld, fault: str) -> None:
    """Whether the card was made, or made and the old one removed, when the answer was lost: one card is left."""
    task, card = synced(world)
    world.edit_task(task.id, tasklist=list_("ideas"))
    faults = [fault]
    world.m365.fault = lambda action: faults.pop() if action.verb == "move" and faults else None
    world.sync()
    world.sync()
    task, card = pair(world)
    assert (card.values["bucket"], [link.copy for link in world.links()]) == (bucket("ideas"), [""])
    settled(world)


def test_a_move_cut_short_and_called_off_is_taken_back(world: TaskWorld) -> None:
    """The CRM's list went back meanwhile: the copy goes, the old card stays."""
    task, card = synced(world)
    world.edit_task(task.id, tasklist=list_("ideas"))
    faults = ["half"]
    world.m365.fault = lambda action: faults.pop() if action.verb == "move" and faults else None
    world.sync()
    world.edit_task(task.id, tasklist=list_("to-do"))
    world.sync()
    world.sync()
    assert pair(world)[1].id == card.id
    settled(world)


def test_a_task_deleted_while_its_move_was_cut_short_leaves_no_copy(world: TaskWorld) -> None:
    """Deleted in the CRM: the copy goes first, then the card itself."""
    task, _card = synced(world)
    world.edit_task(task.id, tasklist=list_("ideas"))
    faults = ["half"]
    world.m365.fault = lambda action: faults.pop() if action.verb == "move" and faults else None
    world.sync()
    world.crm.remove("Task", task.id)
    world.sync()
    world.sync()
    assert world.cards() == [] and world.tasks() == []
    settled(world)


# ---- creations without a mark -------------------------------------------------------------------------------------


def forgetful(world: TaskWorld) -> None:
    """Planner keeps no marks: a lost creation can only be recognised by what it looks like."""
    for row in world.m365.area("plannerTask").values():
        row.mark = ""


def looks(world: TaskWorld, action: Action) -> list[str]:
    return [card.id for card in world.cards() if card.values["title"] == action.values["title"]]


@pytest.mark.parametrize("others", [0, 1])
def test_a_lost_creation_is_recognised_or_held(world: TaskWorld, monkeypatch: pytest.MonkeyPatch, others: int) -> None:
    """One card that it could be: that is it. Several: the pair is held, nothing is created, until one is left."""
    from engine.memory import MemoryReader

    monkeypatch.setattr(
        MemoryReader,
        "find_marks",
        lambda self, kind, sent: {one.action.id: tuple(looks(world, one.action)) for one in sent},
    )
    world.task(subject="Twin")
    faults = ["lost"]
    world.m365.fault = lambda action: faults.pop() if faults else None
    world.sync()
    for _ in range(others):
        world.m365.add("plannerTask", {"title": "Twin", "bucket": bucket("to-do")})
    world.sync()
    assert len(world.tasks()) == 1 and len(world.cards()) == 1 + others
    assert [link.state for link in world.links()] == (["held"] if others else ["linked"])
    for card in world.cards()[1:]:
        world.m365.remove("plannerTask", card.id)
    world.sync()
    assert [link.state for link in world.links()] == ["linked"]
    settled(world)


# ---- deletion and windows -----------------------------------------------------------------------------------------


def test_deleted_in_the_crm_goes_from_planner(world: TaskWorld) -> None:
    task, _ = synced(world)
    world.crm.remove("Task", task.id)
    world.sync()
    assert world.cards() == [] and world.links() == []


def test_deleted_in_planner_is_made_again(world: TaskWorld) -> None:
    _, card = synced(world, description="Text")
    world.m365.remove("plannerTask", card.id)
    world.sync()
    assert pair(world)[1].values["details"] == ("Text",)
    settled(world)


def test_a_task_that_becomes_a_meeting_leaves_planner(world: TaskWorld) -> None:
    task, _ = synced(world)
    world.edit_task(task.id, activitytype="Meeting")
    world.sync()
    assert world.cards() == []


@pytest.mark.parametrize("days", [-70, 400])
def test_outside_the_window_nothing_is_created_or_deleted(world: TaskWorld, days: int) -> None:
    """More than two months ago or a year ahead: left alone, on both sides; drifting out deletes nothing."""
    world.task(date_start=world.day(days, 9), subject="Far")
    world.card(dueDateTime=world.day(days, 9), title="Far too")
    world.sync()
    assert (len(world.tasks()), len(world.cards())) == (1, 1)
    synced_task = world.task(subject="Near")
    world.sync()
    world.now += timedelta(days=100)
    world.edit_task(synced_task.id, subject="Old")
    world.sync()
    assert "Near" in {card.values["title"] for card in world.cards()}


def test_a_plan_nobody_can_read_loses_nothing(world: TaskWorld) -> None:
    """Its cards are barred, not gone: both sides stay, and go on when somebody can read it again."""
    task, _card = synced(world)
    world.m365.may_read = lambda user, record: record.kind != "plannerTask"
    world.edit_task(task.id, subject="Meanwhile")
    world.sync()
    world.sync(everything=True)
    assert pair(world)[1].values["title"] == "Task"
    world.m365.may_read = lambda user, record: True
    world.sync(everything=True)
    assert pair(world)[1].values["title"] == "Meanwhile"
    settled(world)
