"""The CRM as its own people use it: everything may be read and written, each change in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy import ColumnElement, Engine, Table, select, text, update

from crm.access import Viewer
from crm.actions import all_meant, difference, first_meant
from crm.changes import START, Position, since
from crm.contacts import NewContact, Seen, change_contacts, delete_contacts, insert_contacts, load, revive
from crm.fields import CONTACT_KIND
from crm.matchkeys import CHUNK
from crm.people import Effect, People, Share, Team, User, all_shares, all_teams, all_users
from crm.references import COMPANIES, FOLDERS, Named, change_named, delete_named, insert_named, resolve
from crm.tables import TABLES, company, contact, folder, tombstone, user
from crm.transactions import PENDING, Database, utc_milliseconds
from crm.values import Draft, Unfit, draft
from engine.context import fold
from engine.errors import UserError
from engine.records import Record, Reference, Value

MAX_NAME: Final = 200


class Edit(People):
    """Changes to contacts, companies, folders, users and teams that are kept together or not at all."""

    def create_contact(self, values: Mapping[str, Value], crm_id: str | None = None) -> str:
        """A new contact with these whole top-level fields; companies and folders given by name are made if needed."""
        if crm_id is not None and self._exists(contact, crm_id):
            raise UserError("The CRM has a contact with this id already.")
        return self.put_contacts([(crm_id, values)])[0][0]

    def update_contact(self, crm_id: str, values: Mapping[str, Value]) -> Effect:
        self._known(contact, crm_id, "contact")
        return self.put_contacts([(crm_id, values)])[0][1]

    def put_contacts(self, wanted: Sequence[tuple[str | None, Mapping[str, Value]]]) -> list[tuple[str, Effect]]:
        """Create the contacts whose id is None or unknown, update the others where they differ; each with its id and
        what was done, in order. An id must not come twice. Raises UserError for a value that can't be stored."""
        try:
            drafts = [draft(values) for _, values in wanted]
            return self.put_drafts([crm_id for crm_id, _ in wanted], drafts)
        except Unfit as error:
            raise UserError(f"{error.reason[0].upper()}{error.reason[1:]}.") from error

    def put_drafts(self, ids: Sequence[str | None], drafts: Sequence[Draft]) -> list[tuple[str, Effect]]:
        """As :meth:`put_contacts`, from drafts."""
        self._check_owners(drafts)
        transaction = self.transaction
        numbers = iter(transaction.reserve(sum(crm_id is None for crm_id in ids)))
        given = {crm_id for crm_id in ids if crm_id}
        seen = load(transaction.connection, Viewer(transaction.org), given, lock=True)
        versions = revive(transaction, CONTACT_KIND, sorted(given - seen.keys()))
        employer = resolve(transaction, COMPANIES, [name for one in drafts for name in one.companies or ()])
        place = resolve(transaction, FOLDERS, [name for one in drafts for name in one.folders or ()])
        new, changed = [], []
        effects: list[tuple[str, Effect]] = []
        for crm_id, one in zip(ids, drafts, strict=True):
            found = seen.get(crm_id) if crm_id else None
            if found is None:
                made = crm_id or next(numbers)
                company_id = first_meant(one.companies, employer, ())
                folders = all_meant(one.folders or (), place, ())
                version = versions.get(made, 0) + 1
                new.append(NewContact(made, one.columns, company_id, folders, version=version))
                effects.append((made, "created"))
                continue
            change = difference(one, found, employer, place)
            if change is not None:
                changed.append(change)
            effects.append((found.record.id, "updated" if change is not None else "unchanged"))
        self._pass_over([one.crm_id for one in new])
        insert_contacts(transaction, new)
        change_contacts(transaction, changed)
        return effects

    def delete_contact(self, crm_id: str) -> None:
        self._known(contact, crm_id, "contact")
        delete_contacts(self.transaction, [crm_id])

    def merge_contact(self, loser: str, winner: str) -> None:
        """Delete a duplicate in favour of another contact, whose fields stay as they are."""
        self._known(contact, winner, "contact")
        if loser == winner:
            raise UserError("A contact can't be merged into itself.")
        self._known(contact, loser, "contact")
        earlier = (tombstone.c.org_id == self.transaction.org, tombstone.c.merged_into == loser)
        self._execute(update(tombstone).where(*earlier).values(merged_into=winner, rev=PENDING))
        delete_contacts(self.transaction, [loser], merged_into=winner)

    def create_company(self, name: str, owner: str | None = None, crm_id: str | None = None) -> str:
        return self._create_named(COMPANIES, name, crm_id, owner)

    def change_company(self, crm_id: str, **values: object) -> None:
        """New ``accountname`` or ``owner_id``; a new name moves every contact of the company."""
        self._change_named(COMPANIES, crm_id, values)

    def delete_company(self, crm_id: str) -> None:
        self._known(company, crm_id, "company")
        delete_named(self.transaction, COMPANIES, crm_id)

    def create_folder(self, name: str, description: str | None = None, crm_id: str | None = None) -> str:
        made = self._create_named(FOLDERS, name, crm_id, None)
        if description:
            change_named(self.transaction, FOLDERS, made, description=description)
        return made

    def change_folder(self, crm_id: str, **values: object) -> None:
        """New ``name`` or ``description``; a new name moves every contact in the folder."""
        self._change_named(FOLDERS, crm_id, values)

    def delete_folder(self, crm_id: str) -> None:
        self._known(folder, crm_id, "folder")
        delete_named(self.transaction, FOLDERS, crm_id)

    def _create_named(self, named: Named, name: str, crm_id: str | None, owner: str | None) -> str:
        self._check_named(named, name, None)
        if crm_id is not None and self._exists(named.table, crm_id):
            raise UserError(f"The CRM has a {named.label} with this id already.")
        if owner is not None:
            self._known(user, owner, "user")
        made = crm_id or self.transaction.reserve(1)[0]
        self._pass_over([made])
        insert_named(self.transaction, named, [(made, name)], owner)
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
        if not fold(name) or len(name) > MAX_NAME:
            raise UserError(f"A {named.label} needs a name of at most {MAX_NAME} characters.")

    def _check_owners(self, drafts: Sequence[Draft]) -> None:
        owners = {str(owner) for one in drafts if (owner := one.columns.get("owner_id")) is not None}
        for owner in sorted(owners):
            self._known(user, owner, "user")

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

    def contact(self, crm_id: str) -> Record | None:
        with self.database.reading() as connection:
            seen = load(connection, Viewer(self.database.org), [crm_id])
        return seen[crm_id].record if seen else None

    def contacts(self) -> Iterator[Record]:
        """All contacts, a page at a time, in the order they were changed."""
        return (seen.record for seen in self.stored_contacts())

    def stored_contacts(self) -> Iterator[Seen]:
        """As :meth:`contacts`, with the rows behind them."""
        after: Position | None = START
        while after is not None:
            with self.database.reading() as connection:
                rows = since(connection, Viewer(self.database.org), after, CHUNK)
                seen = load(connection, Viewer(self.database.org), [row.crm_id for row in rows])
            yield from (seen[row.crm_id] for row in rows if row.crm_id in seen)
            after = rows[-1].position if len(rows) == CHUNK else None

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
