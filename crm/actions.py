"""Carries out a batch of planned writes in one transaction, with the rights of one CRM user."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError

from crm.access import viewer
from crm.contacts import (
    ChangedContact,
    NewContact,
    Seen,
    change_contacts,
    delete_contacts,
    find_marks,
    insert_contacts,
    load,
)
from crm.fields import CONTACT_KIND
from crm.references import COMPANIES, FOLDERS, resolve
from crm.tables import user
from crm.transactions import Transaction
from crm.values import Draft, Stored, Unfit, draft
from engine.plans import Action
from engine.port import Outcome, Refused, Stale, Written
from engine.records import Reference

NO_RIGHT: Final = "no right to edit"


def carry_out(transaction: Transaction, user_id: str, actions: Sequence[Action]) -> list[Outcome]:
    """One outcome per action, for contacts, each target at most once. What the database refuses is done again one
    by one, so that a bad action takes no other with it."""
    try:
        with transaction.connection.begin_nested():
            return Batch(transaction, user_id).run(actions)
    except (IntegrityError, DataError):
        if len(actions) == 1:
            return [Refused(actions[0].id, "the CRM refused these values")]
    return [outcome for action in actions for outcome in carry_out(transaction, user_id, [action])]


class Batch:
    """One batch under way: sorted into what may be done and what not, then written in sets."""

    def __init__(self, transaction: Transaction, user_id: str) -> None:
        self._transaction = transaction
        self._user = user_id
        self._viewer = viewer(transaction.connection, transaction.org, user_id)
        self._outcomes: dict[str, Outcome] = {}
        self._drafts: dict[str, Draft] = {}
        self._written: dict[str, str] = {}

    def run(self, actions: Sequence[Action]) -> list[Outcome]:
        self._prepare(actions)
        creations = self._unmade([action for action in actions if action.verb == "create"])
        ids = self._reserve(creations, actions)
        present = self._present([action for action in actions if action.verb != "create"])
        self._resolve(present)
        self._insert([(action, crm_id) for action, crm_id in zip(creations, ids, strict=False)])
        self._change([action for action in self._open(actions) if action.verb == "update"], present)
        self._delete([action for action in self._open(actions) if action.verb == "delete"])
        self._report()
        return [self._outcomes[action.id] for action in actions]

    def _open(self, actions: Sequence[Action]) -> list[Action]:
        return [action for action in actions if action.id not in self._outcomes]

    def _refuse(self, action: Action, reason: str) -> None:
        self._outcomes[action.id] = Refused(action.id, reason)

    def _prepare(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if action.kind != CONTACT_KIND:
                self._refuse(action, f"the CRM lets no {action.kind} be written")
            elif action.verb != "delete":
                try:
                    self._drafts[action.id] = draft(action.values)
                except Unfit as error:
                    self._refuse(action, error.reason)
        owners = {owner for one in self._drafts.values() if (owner := one.columns.get("owner_id"))}
        known = self._users(owners)
        for action in self._open(actions):
            owner = self._drafts[action.id].columns.get("owner_id") if action.id in self._drafts else None
            if owner is not None and owner not in known:
                self._refuse(action, "the CRM has no such user")

    def _users(self, ids: Collection[Stored]) -> set[str]:
        wanted = select(user.c.crm_id).where(user.c.org_id == self._transaction.org, user.c.crm_id.in_(list(ids)))
        return set(self._transaction.connection.execute(wanted).scalars()) if ids else set()

    def _reserve(self, creations: Sequence[Action], actions: Sequence[Action]) -> list[str]:
        """Numbers for new contacts. Taken before any contact is locked, also where a company may have to be made:
        every writer then locks in the same order."""
        naming = any(
            reference.id is None
            for action in self._open(actions)
            if action.id in self._drafts
            for reference in _named(self._drafts[action.id])
        )
        return self._transaction.reserve(len(creations) or int(naming))

    def _unmade(self, creations: Sequence[Action]) -> list[Action]:
        marks = find_marks(self._transaction.connection, self._transaction.org, [action.id for action in creations])
        self._written.update(marks)
        return [action for action in self._open(creations) if action.id not in marks]

    def _present(self, actions: Sequence[Action]) -> dict[str, Seen]:
        targets = {action.target for action in self._open(actions) if action.target is not None}
        transaction = self._transaction
        present = load(transaction.connection, self._viewer, targets, lock=True) if targets else {}
        for action in self._open(actions):
            seen = present.get(action.target or "")
            if seen is None:
                self._outcomes[action.id] = Written(action.id, None) if action.verb == "delete" else Stale(action.id)
            elif not (seen.readable and seen.record.editable):
                self._refuse(action, NO_RIGHT)
            elif seen.record.version != action.expected_version:
                self._outcomes[action.id] = Stale(action.id)
        return present

    def _resolve(self, present: dict[str, Seen]) -> None:
        drafts = [one for action, one in self._drafts.items() if action not in self._outcomes]
        self._company = resolve(
            self._transaction, COMPANIES, [name for one in drafts for name in one.companies or ()], self._user
        )
        self._folder = resolve(self._transaction, FOLDERS, [name for one in drafts for name in one.folders or ()])

    def _insert(self, creations: Sequence[tuple[Action, str]]) -> None:
        new = []
        for action, crm_id in creations:
            one = self._drafts[action.id]
            try:
                company_id = first_meant(one.companies, self._company, ())
                folders = all_meant(one.folders or (), self._folder, ())
            except Unfit as error:
                self._refuse(action, error.reason)
                continue
            columns = {**one.columns, "owner_id": one.columns.get("owner_id") or self._user}
            new.append(NewContact(crm_id, columns, company_id, folders, origin=action.id))
            self._written[action.id] = crm_id
        insert_contacts(self._transaction, new)

    def _change(self, actions: Sequence[Action], present: dict[str, Seen]) -> None:
        changed = []
        for action in actions:
            seen = present[action.target or ""]
            try:
                change = difference(self._drafts[action.id], seen, self._company, self._folder)
            except Unfit as error:
                self._refuse(action, error.reason)
                continue
            self._written[action.id] = seen.record.id
            if change is not None:
                changed.append(change)
        change_contacts(self._transaction, changed)

    def _delete(self, actions: Sequence[Action]) -> None:
        targets = [action.target for action in actions if action.target is not None]
        delete_contacts(self._transaction, targets)
        for action in actions:
            self._outcomes[action.id] = Written(action.id, None)

    def _report(self) -> None:
        transaction = self._transaction
        found = load(transaction.connection, self._viewer, set(self._written.values()))
        for action_id, crm_id in self._written.items():
            self._outcomes[action_id] = Written(action_id, found[crm_id].record)


Meant = Callable[[Reference, Collection[str]], str]


def difference(one: Draft, seen: Seen, company: Meant, folder: Meant) -> ChangedContact | None:
    """What of a draft differs from what is stored; None if nothing does. Raises Unfit."""
    columns = {name: value for name, value in one.columns.items() if seen.holds(name) != value}
    if one.companies is not None:
        held = seen.holds("company_id")
        company_id = first_meant(one.companies, company, (held,) if isinstance(held, str) else ())
        if company_id != held:
            columns["company_id"] = company_id
    folders = None if one.folders is None else all_meant(one.folders, folder, seen.folders)
    if folders == seen.folders:
        folders = None
    return ChangedContact(seen.record.id, columns, folders) if columns or folders is not None else None


def _named(one: Draft) -> tuple[Reference, ...]:
    return (*(one.companies or ()), *(one.folders or ()))


def first_meant(references: Sequence[Reference] | None, meant: Meant, held: Collection[str]) -> str | None:
    """The id of the only reference, if there is one."""
    return next((meant(reference, held) for reference in references or ()), None)


def all_meant(references: Sequence[Reference], meant: Meant, held: Collection[str]) -> tuple[str, ...]:
    """The ids of all references, each once, in order."""
    return tuple(dict.fromkeys(meant(reference, held) for reference in references))
