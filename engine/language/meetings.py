"""The sections copies and series with their names resolved: one meeting in many calendars, many occurrences of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from engine.language import checked as c
from engine.language import tree as t
from engine.language.conditions import Conditions
from engine.language.declarations import Ids
from engine.language.names import Names
from engine.language.phrases import COPIES, OTHER_USERS, SERIES, SERIES_CHOICES
from engine.language.program import Policy
from engine.language.suggestions import did_you_mean
from engine.language.wording import one_of
from engine.records import CRM, M365
from engine.schema import USER


@dataclass(slots=True)
class Meetings:
    """Reads the two sections; what was read is None until its entry was met."""

    names: Names
    conditions: Conditions
    ids: Ids
    same: c.Entry | None = None
    organiser: c.FieldRef | None = None
    read: c.Expr | None = None
    write: c.Expr | None = None
    first_synced: bool = False
    own: c.Entry | None = None
    policies: dict[str, c.PolicyRule] = field(default_factory=dict)
    heads: set[str] = field(default_factory=set)
    entries: dict[str, list[c.Entry]] = field(default_factory=lambda: {"copies": [], "series": []})

    def section(self, section: t.Section) -> None:
        if not self.names.m365.identity:
            self.names.fail(
                "T503", section.span, f"Records of m365.{self.names.m365.kind} have no {section.name}: each stands for "
                "itself, in one place.", "Remove the section.",
            )  # fmt: skip
            return
        for written in section.entries:
            match written.entry:
                case t.CopiesEntry() as entry:
                    self._copies(entry, written)
                case t.PhraseEntry() as entry if section.name == "copies":
                    self._other_users(entry, written)
                case t.PhraseEntry() as entry:
                    self._series(entry, written)

    def missing(self, section: str) -> Sequence[str]:
        """The cases of a section that no entry answers."""
        wanted = COPIES if section == "copies" else SERIES_CHOICES
        return [head for head in wanted if head not in self.heads]

    def copies(self) -> c.Copies | None:
        """The section copies, if all of it was read."""
        if self.same is None or self.organiser is None or self.read is None or self.write is None:
            return None
        return c.Copies(
            self.same, self.organiser, self.read, self.write, self.first_synced, self.own,
            tuple(self.entries["copies"]),
        )  # fmt: skip

    def series(self) -> c.Series | None:
        """The section series, if all of it was read."""
        found = [self.policies.get(head) for head in SERIES_CHOICES]
        cancelled, deleted, all_deleted = found
        if cancelled is None or deleted is None or all_deleted is None:
            return None
        return c.Series(cancelled, deleted, all_deleted, tuple(self.entries["series"]))

    # ---- entries ----------------------------------------------------------------------------------------------

    def _entry(self, section: str, head: str, written: t.Written) -> c.Entry:
        made = self.ids.entry(section, head, written)
        self.heads.add(head)
        self.entries[section].append(made)
        return made

    def _copies(self, entry: t.CopiesEntry, written: t.Written) -> None:
        head = entry.head.text
        made = self._entry("copies", head, written)
        if isinstance(entry.target, t.Path):
            self._path(head, entry.target, made)
            return
        condition = self.conditions.whole(entry.target)
        if head == "read from":
            self.read, self.first_synced = condition, entry.first_synced is not None
            return
        self.write = condition
        if entry.first_synced is not None:
            text = "A copy that nobody here organises can be read, not written: its organiser would undo it."
            self.names.fail("T567", entry.first_synced, text, "Write it under “read from”.")

    def _path(self, head: str, path: t.Path, made: c.Entry) -> None:
        found = self.names.path(path)
        if found is None:
            return
        if head == "same record":
            identity = self.names.m365.identity
            if isinstance(found, c.FieldRef) and (found.side, found.path) == (M365, identity):
                self.same = made
            else:
                text = f"“{path.text}” is not the same in all copies of one meeting."
                self.names.fail("T229", path.span, text, f"Write {M365}.{identity}.")
        elif isinstance(found, c.FieldRef) and (found.side, found.type) == (CRM, USER):
            self.organiser = found
        else:
            users = [one.name for one in self.names.crm.fields if one.type == USER]
            hint = f"Write {one_of([f'{CRM}.{name}' for name in users])}." if users else "The CRM must name one."
            self.names.fail("T229", path.span, f"“{path.text}” does not name one user of the CRM.", hint)

    def _other_users(self, entry: t.PhraseEntry, written: t.Written) -> None:
        if not self.names.among(entry.head, ("other users",)):
            return
        made = self._entry("copies", entry.head.text, written)
        said = tuple(phrase.text for phrase in entry.body)
        if said in OTHER_USERS:
            self.own = made if "own event" in said else None
            return
        known = {word for phrases in OTHER_USERS for word in phrases}
        place = next((phrase for phrase in entry.body if phrase.text not in known), entry.body[-1])
        hint = did_you_mean(place.text, known - {place.text})
        hint = hint or f"Write {one_of([', else '.join(phrases) for phrases in OTHER_USERS])}."
        self.names.fail("T223", place.span, f"“{place.text}” is not among what can be said here.", hint)

    def _series(self, entry: t.PhraseEntry, written: t.Written) -> None:
        if not self.names.among(entry.head, tuple(SERIES)):
            return
        made = self._entry("series", entry.head.text, written)
        if self.names.among(entry.body[0], SERIES[entry.head.text]) and entry.head.text in SERIES_CHOICES:
            policy = c.PolicyRule(made, cast(Policy, entry.body[0].text))
            self.policies.setdefault(entry.head.text, policy)
