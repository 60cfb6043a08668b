"""Planner behind the engine's port: the views of a space that several members share."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from engine.plans import Action
from engine.port import Outcome, Page, Sent
from engine.records import Key, Reference, State
from graph_client.planner.codec import KIND
from graph_client.planner.finding import find
from graph_client.planner.reading import NOTHING, Tasks
from graph_client.planner.writing import Writer


class PlannerReader:
    """Reading an organisation's Planner; the engine's ReadView. What any member sees is read, once.

    Ask for ``changes`` before ``collections``, and the catalogue comes from its cursor; the other way round it is
    asked for.
    """

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks

    def collections(self, kind: str) -> Sequence[Reference]:
        """The pseudo-collection '', whose cursor is the catalogue, then every plan."""
        _check(kind)
        return (Reference(NOTHING, "Planner"), *(plan.reference for plan in self._tasks.catalogue().plans))

    def changes(self, kind: str, cursors: Mapping[str, str | None]) -> Iterator[Page]:
        """Rounds of these plans. None for a plan that is gone; one that nobody can read now keeps its cursor."""
        _check(kind)
        return self._tasks.changes(cursors)

    def read(self, kind: str, ids: Collection[str], parts: Collection[str] = ()) -> Iterator[State]:
        _check(kind)
        return self._tasks.read(ids, parts)

    def find(self, kind: str, keys: Collection[Key]) -> Iterator[tuple[Key, str]]:
        """Nothing: match keys are looked up in the CRM."""
        return iter(())

    def find_marks(self, kind: str, sent: Collection[Sent]) -> Mapping[str, tuple[str, ...]]:
        """Tasks that a creation or move may have made, linked ones among them: there are no marks."""
        _check(kind)
        return find(self._tasks, sent) if sent else {}

    def names(self, kind: str, names: Collection[str]) -> Mapping[str, tuple[Reference, ...]]:
        """Plans by title, buckets by "Plan / Bucket"; no other kind has names here."""
        if kind not in ("plannerPlan", "plannerBucket") or not names:
            return {}
        known = self._tasks.catalogue()
        return known.called(known.buckets() if kind == "plannerBucket" else (p.reference for p in known.plans), names)

    def visible(self, kind: str) -> Iterator[str]:
        """Nothing: who sees a plan is in the catalogue."""
        return iter(())

    def access(self) -> str:
        """'': rights on plans show when they are read."""
        return ""


class PlannerWriter(PlannerReader):
    """Reading and writing an organisation's Planner; the engine's WriteView."""

    def write(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        for action in actions:
            _check(action.kind)
        return Writer(self._tasks).write(actions)


def _check(kind: str) -> None:
    if kind != KIND:
        raise KeyError(kind)
