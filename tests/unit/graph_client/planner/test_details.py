"""Carrying details over to another task, write by write, until there is nothing left to write."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from graph_client.planner.details import carried

HINTS = {"checklist": "orderHint", "references": "previewPriority"}
KEPT = {"checklist": ("title", "isChecked"), "references": ("alias", "type")}

texts = st.text(max_size=4)
keys = st.sampled_from("abcde")
hints = st.text("85P", min_size=1, max_size=3)


def entries(name: str) -> st.SearchStrategy[dict[str, Any]]:
    first, second = KEPT[name]
    entry = st.fixed_dictionaries({first: texts, second: st.sampled_from([True, False]), HINTS[name]: hints})
    return st.dictionaries(keys, entry, max_size=5)


details = st.fixed_dictionaries(
    {
        "description": texts, "previewType": st.sampled_from(["automatic", "checklist", "reference"]),
        "checklist": entries("checklist"), "references": entries("references"),
    }
)  # fmt: skip


def served(present: dict[str, Any], members: dict[str, Any]) -> dict[str, Any]:
    """What Planner makes of a write: maps are merged, places are worked out from hints, read ones are refused."""
    after = {**present, **{name: value for name, value in members.items() if name not in HINTS}}
    for name in HINTS:
        merged = {key: dict(entry) for key, entry in present[name].items()}
        for key, entry in members.get(name, {}).items():
            if entry is None:
                del merged[key]
                continue
            assert entry["@odata.type"].startswith("#microsoft.graph.planner")
            sent = entry.get(HINTS[name])
            place = merged[key][HINTS[name]] if sent is None else re.fullmatch(r"(\S*) !", sent)[1] + "P"  # type: ignore[index]
            merged[key] = {**{member: entry[member] for member in KEPT[name]}, HINTS[name]: place}
        after[name] = merged
    return after


def held(found: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: {member: entry[member] for member in KEPT[name]} for key, entry in found[name].items()}


@given(details, details)
def test_the_details_end_as_those_of_the_source(source: dict[str, Any], present: dict[str, Any]) -> None:
    """Whatever the copy held before; and it ends, although nothing is written twice."""
    done: set[str] = set()
    for _ in range(30):
        members = carried(source, None, present, done)
        if not members:
            break
        present = served(present, members)
    assert not members
    assert present["description"] == source["description"]
    if source["previewType"] != "automatic":
        assert present["previewType"] == source["previewType"]
    for name in HINTS:
        assert held(present, name) == held(source, name)


@given(details)
def test_new_details_keep_the_order_of_the_source(source: dict[str, Any]) -> None:
    """Entries come one after the other, each behind the last."""
    present: dict[str, Any] = {"description": "", "previewType": "automatic", "checklist": {}, "references": {}}
    done: set[str] = set()
    while members := carried(source, None, present, done):
        present = served(present, members)
    for name, hint in HINTS.items():
        wanted = sorted(source[name], key=lambda key: source[name][key][hint])
        assert sorted(present[name], key=lambda key: present[name][key][hint]) == wanted


def test_another_description_takes_the_place_of_the_old_one() -> None:
    """What the move changes counts, also an empty text."""
    source: dict[str, Any] = {"description": "old"}
    assert carried(source, "new", {}, set()) == {"description": "new"}
    assert carried(source, "", {"description": "old"}, set()) == {"description": ""}
    assert carried(source, None, {"description": "old"}, set()) == {}


def test_what_the_service_respells_is_written_once() -> None:
    """A service that trims a title does not keep us writing for ever."""
    source: dict[str, Any] = {"checklist": {"k": {"title": " x ", "isChecked": False, "orderHint": "85"}}}
    present: dict[str, Any] = {"checklist": {"k": {"title": "x", "isChecked": False, "orderHint": "86"}}}
    done: set[str] = set()
    assert carried(source, None, present, done)["checklist"]["k"]["title"] == " x "  # type: ignore[call-overload,index]
    assert carried(source, None, present, done) == {}
