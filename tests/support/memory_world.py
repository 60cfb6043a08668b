"""A small world in memory: one CRM, several mailboxes, one state, and ticks over them with a clock of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from crm import fields as crm_fields
from engine.context import Context, SettingValue
from engine.language.compiler import compile_text
from engine.language.program import Program
from engine.links import Link, Space
from engine.memory import MemoryState, MemorySystem
from engine.plans import Action, Plan
from engine.records import Key, Record, Reference, Value
from engine.resources import folder
from engine.schema import schemas
from engine.sync import pipeline
from graph_client import fields as graph_fields

SCHEMAS = schemas(
    crm_fields.CONTACT, crm_fields.COMPANY, crm_fields.FOLDER, graph_fields.CONTACT, graph_fields.CONTACT_FOLDER
)
CONTACTS = (folder("rules") / "contacts.rules").read_text(encoding="utf-8")
ORG = "org"
HOME = Reference("", "Contacts")
"""The folder that every mailbox has."""


def compiled(text: str = CONTACTS) -> Program:
    return compile_text("contacts.rules", text, SCHEMAS)


@dataclass
class World:
    """``settings`` override the rule file's defaults; ``owner_reads`` limits reading to the assigned user."""

    program: Program
    crm: MemorySystem = field(
        default_factory=lambda: MemorySystem("crm", crm_fields.CONTACT, crm_fields.COMPANY, crm_fields.FOLDER)
    )
    m365: MemorySystem = field(
        default_factory=lambda: MemorySystem("m365", graph_fields.CONTACT, graph_fields.CONTACT_FOLDER, private=True)
    )
    state: MemoryState = field(default_factory=MemoryState)
    settings: dict[str, SettingValue] = field(default_factory=dict)
    now: datetime = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    runs: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    done: list[Action] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.crm.keys = self._keys
        self.m365.moves_change_ids = True
        self.m365.normalise = self._at_home

    @staticmethod
    def _at_home(kind: str, values: dict[str, Value]) -> dict[str, Value]:
        """A contact for which no folder is named lies in the default one."""
        if kind == "contact" and values["parentFolder"] is None:
            return {**values, "parentFolder": HOME}
        return values

    def _keys(self, kind: str, record: Record) -> list[Key]:
        context = self.context("anyone")
        return [key for entry in self.program.matches for key in entry.crm_keys(record, context)]

    def context(self, user: str) -> Context:
        defaults = {spec.name: spec.default for spec in self.program.settings}
        return Context(now=self.now, zone="Europe/London", user=user, settings={**defaults, **self.settings})

    def tick_of(self, user: str, everything: bool = False) -> pipeline.Tick:
        return pipeline.Tick(
            program=self.program,
            space=Space(ORG, f"mailbox-{user}", user, "Europe/London"),
            context=self.context(user),
            crm=self.crm,
            m365=self.m365,
            state=self.state,
            run=f"run-{next(self.runs)}",
            clock=lambda: int(self.now.timestamp() * 1000),
            everything=everything,
            limits={},
        )

    def plan(self, user: str = "anna", everything: bool = False) -> Plan:
        return pipeline.plan(self.tick_of(user, everything))

    def sync(self, user: str = "anna", everything: bool = False) -> pipeline.Report:
        self.now += timedelta(minutes=10)
        tick = self.tick_of(user, everything)
        now = tick.clock()
        fence = self.state.hold(tick.space.id, tick.run, now, now + 180_000)
        assert fence is not None
        report = pipeline.run(tick, fence)
        self.state.release(fence)
        self.done += report.plan.actions
        return report

    # ---- what people do ----

    def person(self, owner: str = "anna", **values: Value) -> Record:
        """A CRM contact."""
        return self.crm.add("Contact", {"assigned_user_id": owner, "includeinsync": True, **values})

    def card(self, user: str = "anna", **values: Value) -> Record:
        """An Outlook contact in the default folder; ``emails`` and lists as tuples."""
        emails = values.pop("emails", None)
        if isinstance(emails, tuple):
            values["emailAddresses"] = tuple((address, address) for address in emails) or None
        shown = " ".join(str(values[name]) for name in ("givenName", "surname") if values.get(name))
        values.setdefault("displayName", shown or None)
        return self.m365.add("contact", values, f"mailbox-{user}")

    def edit_card(self, id: str, user: str = "anna", **values: Value) -> Record:
        return self.m365.change("contact", id, values, f"mailbox-{user}")

    def people(self) -> list[Record]:
        return self.crm.records("Contact")

    def cards(self, user: str = "anna") -> list[Record]:
        return self.m365.records("contact", f"mailbox-{user}")

    def links(self, user: str = "anna") -> list[Link]:
        return [link for link, _ in self.state.links(f"mailbox-{user}", "contacts")]
