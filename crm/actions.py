"""Carries out a batch of planned writes in one transaction, with the rights of the CRM users of one space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.exc import DataError, IntegrityError

from crm.access import viewer
from crm.kinds import KINDS, OWNER, Kind, Many, One
from crm.reading import Seen, find_marks, load
from crm.references import Meanings
from crm.transactions import Transaction
from crm.values import Draft, Stored, Unfit, draft, lacking
from crm.writing import Changed, Ids, New, change_rows, delete_rows, insert_rows
from engine.plans import Action
from engine.port import Outcome, Refused, Stale, Written

NO_RIGHT: Final = "no right to edit"


def carry_out(transaction: Transaction, users: Sequence[str], actions: Sequence[Action]) -> list[Outcome]:
    """One outcome per action; all are for one kind, each target at most once. What the database refuses is done again
    one by one, so that a bad action takes no other with it."""
    kind = KINDS.get(actions[0].kind)
    if kind is None:
        return [Refused(action.id, f"the CRM lets no {action.kind} be written") for action in actions]
    try:
        with transaction.connection.begin_nested():
            return Batch(transaction, kind, users).run(actions)
    except (IntegrityError, DataError):
        if len(actions) == 1:
            return [Refused(actions[0].id, "the CRM refused these values")]
    return [outcome for action in actions for outcome in carry_out(transaction, users, [action])]


class Batch:
    """One batch under way: sorted into what may be done and what not, then written in sets."""

    def __init__(self, transaction: Transaction, kind: Kind, users: Sequence[str]) -> None:
        self._transaction = transaction
        self._kind = kind
        self._viewer = viewer(transaction.connection, transaction.org, users)
        self._first = (self._viewer.users or (None,))[0]
        self._outcomes: dict[str, Outcome] = {}
        self._drafts: dict[str, Draft] = {}
        self._written: dict[str, str] = {}

    def run(self, actions: Sequence[Action]) -> list[Outcome]:
        self._prepare(actions)
        creations = self._unmade([action for action in actions if action.verb == "create"])
        ids = self._reserve(creations, actions)
        present = self._present([action for action in actions if action.verb != "create"])
        self._meanings.make([one for id, one in self._drafts.items() if id not in self._outcomes], self._first)
        self._insert(creations, ids)
        self._change([action for action in self._open(actions) if action.verb != "delete"], present)
        self._delete([action for action in self._open(actions) if action.verb == "delete"])
        self._report()
        return [self._outcomes[action.id] for action in actions]

    def _open(self, actions: Sequence[Action]) -> list[Action]:
        return [action for action in actions if action.id not in self._outcomes and action.id not in self._written]

    def _refuse(self, action: Action, reason: str) -> None:
        self._outcomes[action.id] = Refused(action.id, reason)

    def _prepare(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if action.verb == "delete":
                continue
            try:
                self._drafts[action.id] = draft(self._kind, action.values)
            except Unfit as error:
                self._refuse(action, error.reason)
        self._meanings = Meanings(self._transaction, self._kind, list(self._drafts.values()))
        for action in actions:
            if (one := self._drafts.get(action.id)) is not None:
                reason = lacking(self._kind, one, action.verb == "create") or self._meanings.unfit(one)
                if reason is not None:
                    self._refuse(action, reason)

    def _reserve(self, creations: Sequence[Action], actions: Sequence[Action]) -> list[str]:
        """Numbers for new records. Taken before any record is locked, also where a company may have to be made:
        every writer then locks in the same order."""
        naming = any(
            reference.id is None and self._kind.pointers[field].to.made
            for action in self._open(actions)
            if action.id in self._drafts
            for field, references in self._drafts[action.id].references.items()
            for reference in references
        )
        return self._transaction.reserve(len(creations) or int(naming))

    def _unmade(self, creations: Sequence[Action]) -> list[Action]:
        transaction = self._transaction
        ids = [action.id for action in creations]
        self._written.update(find_marks(transaction.connection, self._kind, transaction.org, ids))
        return self._open(creations)

    def _present(self, actions: Sequence[Action]) -> dict[str, Seen]:
        targets = {action.target for action in self._open(actions) if action.target is not None}
        transaction = self._transaction
        present = load(transaction.connection, self._kind, self._viewer, targets, lock=True) if targets else {}
        for action in self._open(actions):
            seen = present.get(action.target or "")
            if seen is None:
                self._outcomes[action.id] = Written(action.id, None) if action.verb == "delete" else Stale(action.id)
            elif not (seen.readable and seen.record.editable):
                self._refuse(action, NO_RIGHT)
            elif seen.record.version != action.expected_version:
                self._outcomes[action.id] = Stale(action.id)
        return present

    def _insert(self, creations: Sequence[Action], ids: Sequence[str]) -> None:
        new = []
        for action, crm_id in zip(creations, ids, strict=False):
            columns, lists = placed(self._kind, self._drafts[action.id], self._meanings)
            columns[OWNER.column] = columns.get(OWNER.column) or self._first
            new.append(New(crm_id, columns, lists, origin=action.id))
            self._written[action.id] = crm_id
        insert_rows(self._transaction, self._kind, new)

    def _change(self, actions: Sequence[Action], present: Mapping[str, Seen]) -> None:
        changed = []
        for action in actions:
            seen = present[action.target or ""]
            change = difference(self._kind, self._drafts[action.id], seen, self._meanings)
            self._written[action.id] = seen.record.id
            if change is not None:
                changed.append(change)
        change_rows(self._transaction, self._kind, changed)

    def _delete(self, actions: Sequence[Action]) -> None:
        delete_rows(self._transaction, self._kind, [action.target for action in actions if action.target is not None])
        for action in actions:
            self._outcomes[action.id] = Written(action.id, None)

    def _report(self) -> None:
        found = load(self._transaction.connection, self._kind, self._viewer, set(self._written.values()))
        for action_id, crm_id in self._written.items():
            self._outcomes[action_id] = Written(action_id, found[crm_id].record)


def placed(
    kind: Kind, one: Draft, meanings: Meanings, seen: Seen | None = None
) -> tuple[dict[str, Stored], dict[str, Ids]]:
    """The columns and the lists that a draft asks for, with the ids that its references stand for."""
    columns, lists = dict(one.columns), {}
    for field, references in one.references.items():
        pointer = kind.pointers[field]
        ids = meanings.ids(pointer, references, _held(pointer, seen))
        if isinstance(pointer, One):
            columns[pointer.column] = next(iter(ids), None)
        else:
            lists[field] = ids
    return columns, lists


def _held(pointer: One | Many, seen: Seen | None) -> Ids:
    if seen is None:
        return ()
    if isinstance(pointer, Many):
        return seen.listed(pointer.field)
    held = seen.holds(pointer.column)
    return (held,) if isinstance(held, str) else ()


def difference(kind: Kind, one: Draft, seen: Seen, meanings: Meanings) -> Changed | None:
    """What of a draft differs from what is stored; None if nothing does."""
    columns, lists = placed(kind, one, meanings, seen)
    columns = {name: value for name, value in columns.items() if seen.holds(name) != value}
    lists = {field: ids for field, ids in lists.items() if seen.listed(field) != ids}
    return Changed(seen.record.id, columns, lists) if columns or lists else None
