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

_ITEM: Final = "#microsoft.graph.plannerChecklistItem"
_LINK: Final = "#microsoft.graph.plannerExternalReference"


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


def carried(source: Row, description: str | None, present: Row) -> dict[str, Json]:
    """What makes the details ``present`` ({} for new ones) those of ``source``, with another description where one is
    given. Checklist and attachments keep their order; hints are made anew, since those that were read are refused."""
    wanted = description if description is not None else _words(source.get("description"))
    members: dict[str, Json] = {}
    if wanted != _words(present.get("description")):
        members["description"] = wanted
    kind = source.get("previewType")
    if kind in ("noPreview", "checklist", "description", "reference") and kind != present.get("previewType"):
        members["previewType"] = kind
    items = _merged(source, present, "checklist", _ITEM, ("title", "isChecked"), "orderHint")
    links = _merged(source, present, "references", _LINK, ("alias", "type"), "previewPriority")
    return members | ({"checklist": items} if items else {}) | ({"references": links} if links else {})


def _merged(source: Row, present: Row, name: str, type: str, kept: Sequence[str], hint: str) -> dict[str, Json]:
    wanted, here = _entries(source.get(name)), _entries(present.get(name))
    merged: dict[str, Json] = {key: None for key in here if key not in wanted}
    place = ""
    for key, entry in sorted(wanted.items(), key=lambda one: _words(one[1].get(hint))):
        place += FIRST_HINT
        held = {member: entry.get(member) for member in kept}
        if key not in here or held != {member: here[key].get(member) for member in kept}:
            merged[key] = {"@odata.type": type, **held, hint: place}
    return merged


def _entries(raw: Json) -> dict[str, dict[str, Json]]:
    return {key: entry for key, entry in raw.items() if isinstance(entry, dict)} if isinstance(raw, dict) else {}


def _words(raw: Json) -> str:
    return raw if isinstance(raw, str) else ""
