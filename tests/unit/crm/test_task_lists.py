"""The Task List picklist: the CRM's own values beside the lists of Planner, each user seeing their own."""

from __future__ import annotations

import pytest

from engine.errors import UserError
from engine.records import Reference
from tests.unit.crm.desk import Desk

TO_DO, DONE = ("bucket-1", "Sales / To do"), ("bucket-2", "Sales / Done")


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Two people, two own values and two lists of Planner, of which bert sees one."""
    desk.kind = "Task"
    desk.people("anna", "bert")
    with desk.store.edit() as edit:
        edit.create_task_list("Warehouse", crm_id="51")
        edit.create_task_list("Back office", crm_id="50")
    desk.store.publish_task_lists({"anna": [TO_DO, DONE], "bert": [DONE]})
    return desk


def names(desk: Desk, user: str | None = None) -> list[str]:
    return [one.name for one in desk.store.task_lists(user)]


def listed(desk: Desk, crm_id: str) -> Reference | None:
    record = desk.store.record("Task", crm_id)
    assert record is not None
    found = record.values["tasklist"]
    assert found is None or isinstance(found, Reference)
    return found


def test_T2_each_user_sees_own_values_first_and_then_their_lists_of_planner(desk: Desk) -> None:
    """Both by name; a list of Planner has the id of its bucket and says that it is one."""
    assert names(desk, "anna") == ["Back office", "Warehouse", "Sales / Done", "Sales / To do"]
    assert names(desk, "bert") == ["Back office", "Warehouse", "Sales / Done"]
    assert names(desk, "nobody") == ["Back office", "Warehouse"]
    assert desk.store.task_lists("bert")[2] == Reference("bucket-2", "Sales / Done", ("in_planner",))
    assert names(desk) == names(desk, "anna")


def test_publishing_the_same_again_changes_nothing(desk: Desk) -> None:
    """No revision moves, so that it can be done at every tick."""
    head = desk.head()
    assert not desk.store.publish_task_lists({"bert": [DONE], "anna": [DONE, TO_DO]})
    assert desk.head() == head


def test_a_new_name_is_shown_and_moves_no_task(desk: Desk) -> None:
    """Lists are told apart by id: the name is for people, and nobody edited the task."""
    crm_id = desk.task(tasklist=Reference("bucket-1", ""))
    since, before = desk.head(), desk.store.record("Task", crm_id)
    assert desk.store.publish_task_lists({"anna": [("bucket-1", "Sales / Later"), DONE], "bert": [DONE]})
    assert names(desk, "anna")[-1] == "Sales / Later"
    assert listed(desk, crm_id) == Reference("bucket-1", "Sales / Later", ("in_planner",))
    after = desk.store.record("Task", crm_id)
    assert before is not None
    assert after is not None
    assert (desk.changed("anna", since), after.version) == ([], before.version)


def test_a_list_that_left_planner_stays_with_its_tasks_alone(desk: Desk) -> None:
    """It can't be chosen any more, and its tasks come as changed, then and when it comes back: they are in scope no
    longer, or again. Nobody edited them."""
    crm_id, other = desk.task(tasklist=Reference("bucket-1", "")), desk.task(tasklist=Reference("bucket-2", ""))
    desk.now += 10
    for lists, flags in (({"anna": [DONE]}, ()), ({"anna": [DONE, TO_DO]}, ("in_planner",))):
        since = desk.head()
        assert desk.store.publish_task_lists(lists)
        assert desk.changed("anna", since) == [crm_id]
        assert listed(desk, crm_id) == Reference("bucket-1", "Sales / To do", flags)
        assert ("Sales / To do" in names(desk, "anna")) is bool(flags)
    record = desk.store.record("Task", crm_id)
    assert record is not None
    assert record.modified == desk.now - 10
    assert listed(desk, other) == Reference("bucket-2", "Sales / Done", ("in_planner",))


def test_viewers_come_and_go_without_touching_lists(desk: Desk) -> None:
    """bert loses one list and gets the other; somebody the CRM does not know is passed over."""
    since = desk.head()
    assert desk.store.publish_task_lists({"anna": [TO_DO, DONE], "bert": [TO_DO], "stranger": [TO_DO]})
    assert (names(desk, "bert")[2:], names(desk, "anna")[2:]) == (["Sales / To do"], ["Sales / Done", "Sales / To do"])
    assert desk.changed("anna", since) == []
    assert desk.store.publish_task_lists({})
    assert names(desk) == ["Back office", "Warehouse"]


def test_lists_of_planner_may_be_called_alike_and_own_values_not(desk: Desk) -> None:
    """Plans are named by many people; the CRM's own picklist is one person's."""
    desk.store.publish_task_lists({"anna": [("a", "Warehouse"), ("b", "Warehouse")]})
    assert names(desk, "anna") == ["Back office", "Warehouse", "Warehouse", "Warehouse"]
    with pytest.raises(UserError, match="has this name already"), desk.store.edit() as edit:
        edit.create_task_list("WAREHOUSE ")
    with pytest.raises(UserError, match="at most 520 characters"), desk.store.edit() as edit:
        edit.create_task_list("x" * 521)


def test_a_leaving_user_leaves_the_viewers(desk: Desk) -> None:
    """Nothing of them stays behind, and the next publishing passes them over."""
    with desk.store.edit() as edit:
        edit.delete_user("bert")
    assert names(desk, "bert") == ["Back office", "Warehouse"]
    assert not desk.store.publish_task_lists({"anna": [TO_DO, DONE], "bert": [DONE]})
