"""The CRM as its own people use it: everything may be read and written, each change in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy import ColumnElement, Engine, Table, select, text, update

from crm.access import Viewer
from crm.actions import difference, placed
from crm.among import among
from crm.changes import START, Position, since
from crm.fields import LIST_NAME_LENGTH
from crm.kinds import ACTIVITIES, COMPANIES, FOLDERS, TASK_LISTS, Kind, Named, kind_named
from crm.lists import Lists, all_lists, picklist, publish, unpublish
from crm.matchkeys import CHUNK
from crm.people import Effect, People, Share, Team, User, all_shares, all_teams, all_users
from crm.reading import Seen, load
from crm.references import Meanings, change_named, delete_named, insert_named
from crm.tables import TABLES, company, folder, task_list, tombstone, user
from crm.transactions import PENDING, Database, utc_milliseconds
from crm.values import Draft, Unfit, draft, lacking
from crm.writing import New, bump_where, change_rows, delete_rows, insert_rows, revive
from engine.context import fold
from engine.errors import UserError
from engine.records import Record, Reference, Value

MAX_NAME: Final = 200


class Edit(People):
    """Changes that are kept together or not at all. ``kind`` is Contact or Task, as rule files name it; ``values`` are
    whole top-level fields as rules see them."""

    def create(self, kind: str, values: Mapping[str, Value], crm_id: str | None = None) -> str:
        """A new record; companies and folders given by name are made if needed."""
        made = kind_named(kind)
        if crm_id is not None and self._exists(made.table, crm_id):
            raise UserError(f"The CRM has a {made.label} with this id already.")
        return self.put(kind, [(crm_id, values)])[0][0]

    def update(self, kind: str, crm_id: str, values: Mapping[str, Value]) -> Effect:
        self._known_record(kind_named(kind), crm_id)
        return self.put(kind, [(crm_id, values)])[0][1]

    def put(self, kind: str, wanted: Sequence[tuple[str | None, Mapping[str, Value]]]) -> list[tuple[str, Effect]]:
        """Create the records whose id is None or unknown, update the others where they differ; each with its id and
        what was done, in order. An id must not come twice. Raises UserError for a value that can't be stored."""
        try:
            drafts = [draft(kind_named(kind), values) for _, values in wanted]
        except Unfit as error:
            raise _said(error.reason) from error
        return self.put_drafts(kind, [crm_id for crm_id, _ in wanted], drafts)

    def put_drafts(self, kind: str, ids: Sequence[str | None], drafts: Sequence[Draft]) -> list[tuple[str, Effect]]:
        """As :meth:`put`, from drafts."""
        put, transaction = kind_named(kind), self.transaction
        numbers = iter(transaction.reserve(sum(crm_id is None for crm_id in ids)))
        given = {crm_id for crm_id in ids if crm_id}
        seen = load(transaction.connection, put, Viewer(transaction.org), given, lock=True)
        versions = revive(transaction, put.stored, sorted(given - seen.keys()))
        meanings = Meanings(transaction, put, drafts)
        for crm_id, one in zip(ids, drafts, strict=True):
            if reason := lacking(put, one, crm_id not in seen) or meanings.unfit(one):
                raise _said(reason)
        meanings.make(drafts)
        new, changed = [], []
        effects: list[tuple[str, Effect]] = []
        for crm_id, one in zip(ids, drafts, strict=True):
            found = seen.get(crm_id) if crm_id else None
            if found is None:
                made = crm_id or next(numbers)
                columns, lists = placed(put, one, meanings)
                new.append(New(made, columns, lists, version=versions.get(made, 0) + 1))
                effects.append((made, "created"))
                continue
            change = difference(put, one, found, meanings)
            if change is not None:
                changed.append(change)
            effects.append((found.record.id, "updated" if change is not None else "unchanged"))
        self._pass_over([one.crm_id for one in new])
        insert_rows(transaction, put, new)
        change_rows(transaction, put, changed)
        return effects

    def present(self, kind: str, ids: Sequence[str]) -> set[str]:
        """Those of these ids that records of this kind have."""
        table = kind_named(kind).table
        wanted = select(table.c.crm_id).where(table.c.org_id == self.transaction.org, among(table.c.crm_id))
        return set(self.transaction.connection.execute(wanted, {"ids": ids}).scalars())

    def delete(self, kind: str, crm_id: str) -> None:
        gone = kind_named(kind)
        self._known_record(gone, crm_id)
        delete_rows(self.transaction, gone, [crm_id])

    def merge(self, kind: str, loser: str, winner: str) -> None:
        """Delete a duplicate in favour of another record, whose fields stay as they are."""
        merged = kind_named(kind)
        self._known_record(merged, winner)
        if loser == winner:
            raise UserError(f"A {merged.label} can't be merged into itself.")
        self._known_record(merged, loser)
        earlier = (
            tombstone.c.org_id == self.transaction.org,
            tombstone.c.kind == merged.stored,
            tombstone.c.merged_into == loser,
        )
        self._execute(update(tombstone).where(*earlier).values(merged_into=winner, rev=PENDING))
        delete_rows(self.transaction, merged, [loser], merged_into=winner)

    def create_company(self, name: str, owner: str | None = None, crm_id: str | None = None) -> str:
        return self._create_named(COMPANIES, name, crm_id, owner_id=owner)

    def change_company(self, crm_id: str, **values: object) -> None:
        """New ``accountname`` or ``owner_id``; a new name moves every contact of the company."""
        self._change_named(COMPANIES, crm_id, values)

    def delete_company(self, crm_id: str) -> None:
        self._known(company, crm_id, "company")
        delete_named(self.transaction, COMPANIES, crm_id)

    def create_folder(self, name: str, description: str | None = None, crm_id: str | None = None) -> str:
        return self._create_named(FOLDERS, name, crm_id, description=description or None)

    def change_folder(self, crm_id: str, **values: object) -> None:
        """New ``name`` or ``description``; a new name moves every contact in the folder."""
        self._change_named(FOLDERS, crm_id, values)

    def delete_folder(self, crm_id: str) -> None:
        self._known(folder, crm_id, "folder")
        delete_named(self.transaction, FOLDERS, crm_id)

    def create_task_list(self, name: str, crm_id: str | None = None, in_planner: bool | None = None) -> str:
        """A value of the Task List picklist. With ``in_planner`` given it is one of Planner's, there now or not any
        more, and the id is its bucket's."""
        kept = {"own": in_planner is None, "in_planner": bool(in_planner)}
        if in_planner is None and any(own and fold(one.name) == fold(name) for one, own in self._task_lists()):
            raise UserError("Another task list of the CRM has this name already.", "Choose another name.")
        return self._create_named(TASK_LISTS, name, crm_id, **kept)

    def change_task_list(self, crm_id: str, **values: object) -> None:
        """New ``name``, or for a list of Planner ``in_planner``; either moves every activity of the list."""
        if "in_planner" in values:
            bump_where(self.transaction, ACTIVITIES, ACTIVITIES.table.c.list_id == crm_id)
        self._change_named(TASK_LISTS, crm_id, values)

    def delete_task_list(self, crm_id: str) -> None:
        self._known(task_list, crm_id, "task list")
        unpublish(self.transaction, crm_id)
        delete_named(self.transaction, TASK_LISTS, crm_id)

    def _task_lists(self) -> list[tuple[Reference, bool]]:
        return all_lists(self.transaction.connection, self.transaction.org)

    def _create_named(self, named: Named, name: str, crm_id: str | None, **values: object) -> str:
        self._check_named(named, name, None)
        if crm_id is not None and self._exists(named.table, crm_id):
            raise UserError(f"The CRM has a {named.label} with this id already.")
        if isinstance(owner := values.get("owner_id"), str):
            self._known(user, owner, "user")
        made = crm_id or self.transaction.reserve(1)[0]
        self._pass_over([made])
        insert_named(self.transaction, named, [(made, name)], **values)
        return made

    def _change_named(self, named: Named, crm_id: str, values: Mapping[str, object]) -> None:
        self._known(named.table, crm_id, named.label)
        if isinstance(name := values.get(named.name), str):
            self._check_named(named, name, crm_id)
        if isinstance(owner := values.get("owner_id"), str):
            self._known(user, owner, "user")
        change_named(self.transaction, named, crm_id, **values)

    def _check_named(self, named: Named, name: str, own: str | None) -> None:
        if named is FOLDERS:
            self._check_name(folder, name, "folder", own)
        longest = LIST_NAME_LENGTH if named is TASK_LISTS else MAX_NAME
        if not fold(name) or len(name) > longest:
            raise UserError(f"A {named.label} needs a name of at most {longest} characters.")

    def _known_record(self, kind: Kind, crm_id: str) -> None:
        self._known(kind.table, crm_id, kind.label)

    def _exists(self, table: Table, crm_id: str) -> bool:
        wanted = select(table.c.crm_id).where(table.c.org_id == self.transaction.org, table.c.crm_id == crm_id)
        return self._execute(wanted).first() is not None

    def _pass_over(self, ids: Collection[str]) -> None:
        numbers = [int(crm_id) for crm_id in ids if crm_id.isdecimal()]
        if numbers:
            self.transaction.pass_over(max(numbers))


class CrmStore:
    """One organisation's CRM. ``clock`` gives UTC milliseconds; ``on_commit`` is told ``before commit`` and ``after
    commit`` around every commit."""

    def __init__(
        self,
        engine: Engine,
        org: str,
        clock: Callable[[], int] = utc_milliseconds,
        on_commit: Callable[[str], None] | None = None,
    ) -> None:
        self.database = Database(engine, org, clock, on_commit)

    @contextmanager
    def edit(self) -> Iterator[Edit]:
        """One transaction: kept when the block ends, dropped when it raises."""
        with self.database.writing() as transaction:
            yield Edit(transaction)

    def refresh_statistics(self) -> None:
        """After many rows came at once: PostgreSQL plans badly until it has counted them."""
        with self.database.reading() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("ANALYZE " + ", ".join(table.name for table in TABLES)))
                connection.commit()

    def record(self, kind: str, crm_id: str) -> Record | None:
        with self.database.reading() as connection:
            seen = load(connection, kind_named(kind), Viewer(self.database.org), [crm_id])
        return seen[crm_id].record if seen else None

    def records(self, kind: str) -> Iterator[Record]:
        """All records of a kind, a page at a time, in the order they were changed."""
        return (seen.record for seen in self.stored(kind))

    def stored(self, kind: str) -> Iterator[Seen]:
        """As :meth:`records`, with the rows behind them."""
        wanted, everything = kind_named(kind), Viewer(self.database.org)
        after: Position | None = START
        while after is not None:
            with self.database.reading() as connection:
                rows = since(connection, wanted, everything, after, CHUNK)
                seen = load(connection, wanted, everything, [row.crm_id for row in rows])
            yield from (seen[row.crm_id] for row in rows if row.crm_id in seen)
            after = rows[-1].position if len(rows) == CHUNK else None

    def publish_task_lists(self, lists: Lists) -> bool:
        """Make these the lists of Planner in the Task List picklist, with the users who see each; True if that changed
        anything. What is not named has left Planner."""
        with self.database.writing() as transaction:
            return publish(transaction, lists)

    def task_lists(self, user: str | None = None) -> list[Reference]:
        """The Task List picklist as this user sees it (without one: all of it): the CRM's own values by name, then
        Planner's lists by name."""
        with self.database.reading() as connection:
            return picklist(connection, Viewer(self.database.org, None if user is None else (user,)))

    def all_task_lists(self) -> list[tuple[Reference, bool]]:
        """Every task list, also those that left Planner, and whether it is one of the CRM's own values."""
        with self.database.reading() as connection:
            return all_lists(connection, self.database.org)

    def users(self) -> list[User]:
        with self.database.reading() as connection:
            return all_users(connection, self.database.org)

    def user(self, name: str) -> User | None:
        """The user with this user name (in any case) or id."""
        return next((one for one in self.users() if fold(one.user_name) == fold(name) or one.id == name), None)

    def teams(self) -> list[Team]:
        with self.database.reading() as connection:
            return all_teams(connection, self.database.org)

    def shares(self) -> list[Share]:
        with self.database.reading() as connection:
            return all_shares(connection, self.database.org)

    def companies(self) -> list[tuple[Reference, str | None]]:
        """Every company with the id of its owner, by id."""
        columns = (company.c.crm_id, company.c.accountname, company.c.owner_id)
        rows = self._all(company, *columns)
        return [(Reference(crm_id, name), owner) for crm_id, name, owner in rows if crm_id and name]

    def folders(self) -> list[tuple[Reference, str | None]]:
        """Every folder with its description, by id."""
        rows = self._all(folder, folder.c.crm_id, folder.c.name, folder.c.description)
        return [(Reference(crm_id, name), description) for crm_id, name, description in rows if crm_id and name]

    def _all(self, table: Table, *columns: ColumnElement[str | None]) -> list[tuple[str | None, ...]]:
        with self.database.reading() as connection:
            rows = connection.execute(select(*columns).where(table.c.org_id == self.database.org)).all()
        return sorted((tuple(row) for row in rows), key=lambda row: (len(row[0] or ""), row[0]))


def _said(reason: str) -> UserError:
    """A reason as a sentence."""
    return UserError(f"{reason[0].upper()}{reason[1:]}.")
