"""What people do in Planner, seen from tests of a whole installation: two plans, three lists, and cards in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from installed import USERS, Installed, upn

from graph_emulator.planner.control_client import PlannerControl

WEBSITE, MOVE = "Website", "The move"
TO_DO, DOING, IDEAS = f"{WEBSITE} / To do", f"{WEBSITE} / Doing", f"{MOVE} / Ideas"
"""Lists as the CRM's Task List picklist names them. All users see the plan Website; the other one only Anna and Ben."""
SEES: Final = {WEBSITE: ("anna", "ben", "cara"), MOVE: ("anna", "ben")}
_ACCOUNTS: Final = {f"00000000-0000-4000-8000-{number:012}": name for number, name in enumerate(USERS, start=1)}


def in_days(days: int, time: str = "10:00") -> str:
    """An instant as Planner takes it, ``days`` from today."""
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}T{time}:00Z"


def typed(days: int, time: str = "09:00") -> str:
    """The same as people type it into the CRM."""
    return in_days(days, time)[:16].replace("T", " ")


@dataclass
class Board:
    """The organisation's Planner. Plans and groups are known by the plan's title, lists by their name in the CRM."""

    planner: PlannerControl
    groups: dict[str, str]
    plans: dict[str, str]
    buckets: dict[str, str]

    @classmethod
    def made(cls, installed: Installed) -> Board:
        """Both plans with their lists, in a group each."""
        board = cls(installed.control.planner, {}, {}, {})
        for plan, users in SEES.items():
            board.groups[plan] = board.planner.create_group(f"Team {plan}", [upn(user) for user in users])["id"]
            board.add_plan(plan, plan)
        for place in (TO_DO, DOING, IDEAS):
            board.add_bucket(place)
        return board

    def add_plan(self, title: str, group: str) -> None:
        """Another plan in the group of the plan ``group``."""
        self.plans[title] = str(self.planner.create_plan(self.groups[group], title)["id"])

    def add_bucket(self, place: str) -> None:
        """Another list, by its name in the CRM: ``Plan / Bucket``."""
        plan, _, name = place.partition(" / ")
        self.buckets[place] = str(self.planner.create_bucket(self.plans[plan], name)["id"])

    # ---- cards ----

    def card(
        self, title: str = "Card", place: str = TO_DO, to: tuple[str, ...] = ("anna",), text: str = "", **more: object
    ) -> str:
        """A person makes a task in Planner, due in three days unless ``more`` (in Graph's words) says otherwise, with
        the description ``text``; its id."""
        plan = self.plans[place.partition(" / ")[0]]
        given: dict[str, Any] = {"dueDateTime": in_days(3), "bucketId": self.buckets[place], **more}
        given["assignments"] = {upn(user): {} for user in to}
        if text:
            given["details"] = {"description": text}
        return str(self.planner.create_task(plan, title, **given)["id"])

    def edit(self, card_id: str, place: str = "", **properties: Any) -> None:
        """A person changes a task, or drags it to another list of its plan."""
        moved: dict[str, Any] = {"bucketId": self.buckets[place]} if place else {}
        self.planner.update_task(card_id, **properties, **moved)

    def cards(self) -> list[dict[str, Any]]:
        """Every task of every plan in Graph's words, with ``details``."""
        return self.planner.state()["tasks"]

    def of(self, title: str) -> dict[str, Any]:
        """The one task with this title."""
        (found,) = (card for card in self.cards() if card["title"] == title)
        return found

    def place(self, title: str) -> str:
        """The list that the task is in."""
        bucket = self.of(title)["bucketId"]
        return next(name for name, id in self.buckets.items() if id == bucket)

    def people(self, title: str) -> set[str]:
        """The users whom the task is assigned to."""
        return {_ACCOUNTS[id] for id in self.of(title)["assignments"]}

    def text(self, title: str) -> str:
        return self.of(title)["details"]["description"] or ""

    def leave(self, user: str, plan: str) -> None:
        """A user is taken out of the plan's group."""
        self.planner.remove_member(self.groups[plan], upn(user))

    def join(self, user: str, plan: str) -> None:
        self.planner.add_member(self.groups[plan], upn(user))
