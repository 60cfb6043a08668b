"""A CRM to try things on: one fresh organisation, with short ways to do what its people and the sync do."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from crm.store import CrmStore
from crm.system import CrmSystem
from engine.links import Member, Space
from engine.plans import Action
from engine.port import Outcome, Page, ReadView, Written
from engine.records import Barred, Gone, Record, Value

_numbers = itertools.count(1)


@dataclass
class Desk:
    """``now`` is the clock; ``commits`` is what the cut points said; ``kind`` is what is looked at. Where a user is
    named, several may stand for a space that they share."""

    engine: sa.Engine
    org: str = field(default_factory=lambda: f"org-{next(_numbers)}")
    now: int = 1_000
    commits: list[str] = field(default_factory=list)
    kind: str = "Contact"

    def __post_init__(self) -> None:
        self.store = CrmStore(self.engine, self.org, lambda: self.now)
        self.system = CrmSystem(self.engine, self.org, lambda: self.now, self.commits.append)

    def people(self, *names: str, **teams: Sequence[str]) -> dict[str, str]:
        """Users, and teams of some of them; the answer has the team ids by name."""
        with self.store.edit() as edit:
            made = {team: edit.create_team(team) for team in teams}
            for name in names:
                edit.create_user(name)
                edit.set_teams(name, [made[team] for team, members in teams.items() if name in members])
        return made

    def contact(self, owner: str = "anna", **values: Value) -> str:
        with self.store.edit() as edit:
            return edit.create("Contact", {"assigned_user_id": owner, **values})

    def task(self, owner: str | None = "anna", **values: Value) -> str:
        with self.store.edit() as edit:
            return edit.create("Task", {"subject": "Something", "assigned_user_id": owner, **values})

    def edit(self, crm_id: str, **values: Value) -> None:
        with self.store.edit() as edit:
            edit.update(self.kind, crm_id, values)

    def space(self, user: str | Sequence[str] = "anna") -> Space:
        users = [user] if isinstance(user, str) else list(user)
        members = tuple(Member(one, f"oid-{one}", "Europe/London") for one in users)
        return Space(self.org, f"space-{users[0]}", users[0], "Europe/London", members if len(users) > 1 else ())

    def reader(self, user: str | Sequence[str] = "anna") -> ReadView:
        return self.system.reader(self.space(user))

    def see(self, user: str | Sequence[str], crm_id: str) -> Record | Gone | Barred:
        (state,) = self.reader(user).read(self.kind, [crm_id])
        return state

    def visible(self, user: str | Sequence[str]) -> set[str]:
        return set(self.reader(user).visible(self.kind))

    def access(self, user: str | Sequence[str]) -> str:
        return self.reader(user).access()

    def round(self, user: str | Sequence[str] = "anna", since: str | None = None) -> list[Page]:
        return list(self.reader(user).changes(self.kind, {"": since}))

    def head(self, user: str | Sequence[str] = "anna") -> str:
        return self.round(user)[-1].cursor or ""

    def changed(self, user: str | Sequence[str], since: str) -> list[str]:
        return [record.id for page in self.round(user, since) for record in page.records]

    def write(self, *actions: Action, user: str | Sequence[str] = "anna") -> list[Outcome]:
        return list(self.system.writer(self.space(user), lambda: True).write(actions))

    def written(self, action: Action, user: str | Sequence[str] = "anna") -> Record:
        (outcome,) = self.write(action, user=user)
        assert isinstance(outcome, Written), outcome
        assert outcome.record is not None
        return outcome.record


def creation(mark: str = "", kind: str = "Contact", **values: Value) -> Action:
    return _action(mark, kind, "create", None, None, values)


def change(record: Record, **values: Value) -> Action:
    return _action("", record.kind, "update", record.id, record.version, values)


def deletion(record: Record) -> Action:
    return _action("", record.kind, "delete", record.id, record.version, {})


def _action(
    mark: str, kind: str, verb: str, target: str | None, version: str | None, values: Mapping[str, Value]
) -> Action:
    return Action(
        id=mark or f"action-{next(_numbers)}", side="crm", kind=kind, verb=verb, klass=verb, target=target,
        expected_version=version, values=values, changes=(), entry="test",
    )  # fmt: skip
