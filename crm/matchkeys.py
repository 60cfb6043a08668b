"""Match keys: folded values that contacts are recognised by, kept true with every write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar

from sqlalchemy import BindParameter, bindparam, delete, insert, literal, select

from crm.access import ORG
from crm.fields import CONTACT_KIND, MATCHABLE
from crm.tables import company, contact, match_key
from crm.transactions import Transaction
from crm.values import Stored
from engine.context import fold

CHUNK: Final = 500
"""How many ids one statement is asked for."""

IDS: Final[BindParameter[str]] = bindparam("ids", expanding=True)
EMPLOYER: Final = (company.c.org_id == contact.c.org_id) & (company.c.crm_id == contact.c.company_id)
"""A contact and its company."""

COMPANY_NAME: Final = "accountid.name"
KEYED: Final = tuple(path for path in MATCHABLE if path != COMPANY_NAME)
"""The matchable paths that are columns of a contact."""

T = TypeVar("T")


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The items in lists of at most ``size``."""
    waiting = iter(items)
    while part := list(islice(waiting, size)):
        yield part


def add_keys(transaction: Transaction, values: Iterable[tuple[str, str, Stored]]) -> None:
    """Keep keys for these (contact id, path, value); empty values make none."""
    rows = [
        (transaction.org, CONTACT_KIND, path, folded, crm_id)
        for crm_id, path, value in values
        if isinstance(value, str) and (folded := fold(value))
    ]
    transaction.insert(match_key, ("org_id", "kind", "path", "folded", "crm_id"), rows)


_COMPANY_KEYS: Final = insert(match_key).from_select(
    ["org_id", "kind", "path", "folded", "crm_id"],
    select(contact.c.org_id, literal(CONTACT_KIND), literal(COMPANY_NAME), company.c.name_key, contact.c.crm_id)
    .join(company, EMPLOYER)
    .where(contact.c.org_id == ORG, contact.c.crm_id.in_(IDS)),
)


def add_company_keys(transaction: Transaction, ids: Sequence[str]) -> None:
    """Keep keys for the names of these contacts' companies."""
    for part in chunks(ids):
        transaction.connection.execute(_COMPANY_KEYS, {"org": transaction.org, "ids": part})


def drop_keys(transaction: Transaction, ids: Sequence[str], path: str | None = None) -> None:
    """Forget the keys of these contacts, for one path or for all."""
    for part in chunks(ids):
        these = [
            match_key.c.org_id == transaction.org,
            match_key.c.kind == CONTACT_KIND,
            match_key.c.crm_id.in_(part),
        ]
        if path is not None:
            these.append(match_key.c.path == path)
        transaction.connection.execute(delete(match_key).where(*these))
