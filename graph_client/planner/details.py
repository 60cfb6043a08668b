"""Writing what belongs to a task and has a version of its own: the task's etag is never used for it, nor the other way
round, and a write to it makes the task's etag out of date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graph_client.answers import Answer, Json, Meaning
from graph_client.batch import RETURN, Item
from graph_client.codec import etag
from graph_client.planner.codec import FIRST_HINT, Row
from graph_client.planner.members import Ask
from graph_client.planner.reading import Tasks, details_path, task_path

_PREVIEWS: Final = ("noPreview", "checklist", "description", "reference")


@dataclass(frozen=True, slots=True)
class Job:
    """Details to write: ``members`` for the task ``id``, at the version ``etag``; '' to take it as it is."""

    id: str
    accounts: Sequence[str]
    members: Mapping[str, Json]
    etag: str = ""


def write_details(tasks: Tasks, jobs: Sequence[Job]) -> Iterator[tuple[int, Answer]]:
    """Index and last answer of every job: done, or whatever stood in the way of it."""
    etags = {index: job.etag for index, job in enumerate(jobs) if job.etag}
    unread = [index for index, job in enumerate(jobs) if not job.etag]
    for told in tasks.members.answers([Ask(Item("GET", details_path(jobs[i].id)), jobs[i].accounts) for i in unread]):
        if told.answer.meaning is Meaning.DONE and etag(told.answer.members):
            etags[unread[told.index]] = etag(told.answer.members)
        else:
            yield unread[told.index], told.answer
    ready = sorted(etags)
    asks = [Ask(patch(details_path(jobs[i].id), jobs[i].members, etags[i]), jobs[i].accounts) for i in ready]
    for told in tasks.members.answers(asks):
        yield ready[told.index], told.answer


def patch(path: str, members: Mapping[str, Json], version: str) -> Item:
    return Item("PATCH", path, dict(members), {"If-Match": version}, prefer=RETURN)


def remove(id: str, version: str) -> Item:
    return Item("DELETE", task_path(id), headers={"If-Match": version})


def carried(source: Row, description: str | None, present: Row, done: set[str]) -> dict[str, Json]:
    """The next write on the way from the details ``present`` to those of ``source``, with another description where
    one is given; {} at the end. ``done`` keeps what was written, so that nothing is written twice.

    Of checklist and attachments one new entry at a time: its place is behind the last one, whose hint has to be known,
    and an entry's own hint that was read would be refused."""
    members: dict[str, Json] = {}
    wanted = description if description is not None else _words(source.get("description"))
    if wanted != _words(present.get("description")) and "description" not in done:
        members["description"] = wanted
    kind = source.get("previewType")
    if kind in _PREVIEWS and kind != present.get("previewType") and "previewType" not in done:
        members["previewType"] = kind
    done.update(members)
    items = _merged(source, present, _CHECKLIST, done)
    links = _merged(source, present, _REFERENCES, done)
    return members | ({"checklist": items} if items else {}) | ({"references": links} if links else {})


@dataclass(frozen=True, slots=True)
class _Map:
    """An object of details whose members are entries: ``kept`` of each entry is carried over, ``hint`` orders them."""

    name: str
    type: str
    kept: tuple[str, ...]
    hint: str


_CHECKLIST: Final = _Map("checklist", "#microsoft.graph.plannerChecklistItem", ("title", "isChecked"), "orderHint")
_REFERENCES: Final = _Map(
    "references", "#microsoft.graph.plannerExternalReference", ("alias", "type"), "previewPriority"
)


def _merged(source: Row, present: Row, given: _Map, done: set[str]) -> dict[str, Json]:
    wanted, here = _entries(source.get(given.name)), _entries(present.get(given.name))
    merged: dict[str, Json] = {key: None for key in here if key not in wanted and f"{given.name} {key}" not in done}
    done.update(f"{given.name} {key}" for key in merged)
    last = max((_words(entry.get(given.hint)) for entry in here.values()), default="")
    added = False
    for key, entry in sorted(wanted.items(), key=lambda one: _words(one[1].get(given.hint))):
        held = {member: entry.get(member) for member in given.kept}
        mark = f"{given.name} {key}"
        same = key in here and held == {member: here[key].get(member) for member in given.kept}
        if same or mark in done or (added and key not in here):
            continue
        done.add(mark)
        merged[key] = {"@odata.type": given.type, **held}
        if key not in here:
            merged[key] = {"@odata.type": given.type, **held, given.hint: f"{last}{FIRST_HINT}"}
            added = True
    return merged


def _entries(raw: Json) -> dict[str, dict[str, Json]]:
    return {key: entry for key, entry in raw.items() if isinstance(entry, dict)} if isinstance(raw, dict) else {}


def _words(raw: Json) -> str:
    return raw if isinstance(raw, str) else ""
