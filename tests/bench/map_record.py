"""Mapping one record: compiled rules against the same work written by hand, in one run.

Handwritten are the straight functions a programmer would write for the shipped contact rules: trimming, empty as
None, the same lenses for companies, addresses and folders. Both make the same values, which is checked before timing.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from statistics import median

from crm import fields as crm_fields
from engine.context import Context
from engine.language.compiler import compile_text
from engine.language.program import Program
from engine.lenses.base import Lens
from engine.records import NO_BASE, Reference, Value
from engine.resources import rules
from engine.schema import schemas
from graph_client import fields as graph_fields

ROUNDS = 9
REPEATS = 3_000

CRM_VALUES: dict[str, Value] = {
    "firstname": "Zoë", "lastname": "Lindqvist", "title": "Head of Buying ", "department": None,
    "accountid": Reference("c1", "Harbour Light Ltd"), "email": "zoe@harbourlight.example", "email2": None,
    "phone": "020 7946 0000", "otherphone": None, "mobile": "+44 7700 900123", "homephone": None, "assistant": "Sam",
    "mailing": ("1 High Street\nFloor 2", "Bath", None, "BA1 1AA", "United Kingdom"), "other": None,
    "birthday": "1980-02-29", "description": "Met in Bath.\nLikes tea.", "folder": (Reference("f1", "Clients"),),
}  # fmt: skip
M365_VALUES: dict[str, Value] = {
    "givenName": "Zoë", "surname": "Lindqvist", "jobTitle": "Head of Buying", "department": None,
    "companyName": "Harbour Light Ltd", "emailAddresses[1].address": "zoe@harbourlight.example",
    "emailAddresses[2].address": None, "businessPhones[1]": "020 7946 0000", "businessPhones[2]": None,
    "mobilePhone": "+44 7700 900123", "homePhones[1]": None, "assistantName": "Sam",
    "businessAddress": ("1 High Street\nFloor 2", "Bath", None, "BA1 1AA", "United Kingdom"), "otherAddress": None,
    "birthday": "1980-02-29", "personalNotes": "Met in Bath.\nLikes tea.", "parentFolder": Reference("p1", "Clients"),
}  # fmt: skip


def contact_rules() -> Program:
    """The shipped contact rules, compiled."""
    text = (rules() / "contacts.rules").read_text(encoding="utf-8")
    known = schemas(
        crm_fields.CONTACT, crm_fields.COMPANY, crm_fields.FOLDER, graph_fields.CONTACT, graph_fields.CONTACT_FOLDER
    )
    return compile_text("contacts.rules", text, known)


def text_in(value: Value) -> Value:
    """Text as it is written: trimmed, one kind of line end, nothing left = empty."""
    if value is None or not isinstance(value, str):
        return None
    if "\r" in value:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    return value.strip() or None


def by_hand(program: Program) -> tuple[Callable[..., dict[str, Value]], Callable[..., list[str]]]:
    """The handwritten counterparts of ``project`` and ``moved``; lenses that look names up are the same ones."""
    company, mailing, folder = (
        next(line.lens for line in program.lines if line.crm_path == path)
        for path in ("accountid", "mailing", "folder")
    )

    def translated(value: Value, lens: Lens, context: Context) -> Value:
        return None if value is None else lens.to_m365(value, None, context)

    def project(crm: Mapping[str, Value], context: Context) -> dict[str, Value]:
        get = crm.get
        return {
            "givenName": text_in(get("firstname")), "surname": text_in(get("lastname")),
            "jobTitle": text_in(get("title")), "department": text_in(get("department")),
            "companyName": translated(get("accountid"), company, context),
            "emailAddresses[1].address": text_in(get("email")), "emailAddresses[2].address": text_in(get("email2")),
            "businessPhones[1]": text_in(get("phone")), "businessPhones[2]": text_in(get("otherphone")),
            "mobilePhone": text_in(get("mobile")), "homePhones[1]": text_in(get("homephone")),
            "assistantName": text_in(get("assistant")), "birthday": get("birthday"),
            "businessAddress": translated(get("mailing"), mailing, context),
            "otherAddress": translated(get("other"), mailing, context),
            "personalNotes": text_in(get("description")), "parentFolder": translated(get("folder"), folder, context),
        }  # fmt: skip

    pairs = [
        (line.crm_path, line.m365_path)
        for line in program.lines
        if line.crm_path and line.m365_path and not line.on_create
    ]

    def moved(
        crm: Mapping[str, Value],
        m365: Mapping[str, Value],
        crm_base: Mapping[str, Value],
        m365_base: Mapping[str, Value],
    ) -> list[str]:
        found = []
        for mine, theirs in pairs:
            if mine not in crm or theirs not in m365:
                continue
            if crm[mine] != crm_base.get(mine, NO_BASE) or m365[theirs] != m365_base.get(theirs, NO_BASE):
                found.append(mine)
        return found

    return project, moved


def measure() -> dict[str, object]:
    """Microseconds per record, compiled and by hand, and their ratios (the median of interleaved rounds).

    ``project`` makes a new contact of a CRM record; ``moved`` finds that nothing changed since the last agreement.
    ``ratio`` is the two together.
    """
    program = contact_rules()
    context = Context(datetime(2026, 11, 22, tzinfo=UTC), "Europe/London", "u1", {})
    project, moved = by_hand(program)
    compiled = program.project["m365"]
    if compiled(CRM_VALUES, context) != project(CRM_VALUES, context):
        raise AssertionError("compiled and handwritten mapping differ")
    same = (CRM_VALUES, M365_VALUES, dict(CRM_VALUES), dict(M365_VALUES))
    if program.moved(*same) or moved(*same):
        raise AssertionError("nothing moved, and something was found")
    runs: dict[str, Callable[[], object]] = {
        "project": lambda: compiled(CRM_VALUES, context),
        "project by hand": lambda: project(CRM_VALUES, context),
        "moved": lambda: program.moved(*same),
        "moved by hand": lambda: moved(*same),
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            times[name].append(_seconds(run))
    micro = {name: median(found) / REPEATS * 1e6 for name, found in times.items()}
    ratios = [
        (times["project"][i] + times["moved"][i]) / (times["project by hand"][i] + times["moved by hand"][i])
        for i in range(ROUNDS)
    ]
    return {
        "ratio": round(median(ratios), 2),
        "project ratio": round(micro["project"] / micro["project by hand"], 2),
        "moved ratio": round(micro["moved"] / micro["moved by hand"], 2),
        **{f"{name} µs": round(value, 2) for name, value in micro.items()},
    }


def _seconds(run: Callable[[], object]) -> float:
    gc.disable()
    try:
        start = time.perf_counter()
        for _ in range(REPEATS):
            run()
        return time.perf_counter() - start
    finally:
        gc.enable()


if __name__ == "__main__":
    for label, figure in measure().items():
        print(f"{label:20} {figure}")  # noqa: T201
