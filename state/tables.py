"""The tables of Tandem's own state. The organisation leads every key, so that no query can leave it out by accident.

Times are UTC in milliseconds; JSON is ASCII text, so that any character a side returned can be stored.
"""

from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

#: Hot tables are stored in key order on SQLite: reading a space's links is one range scan.
CLUSTERED = {"sqlite_with_rowid": False}


#: Conditions of partial indexes. Queries repeat them word for word: with parameters instead, no index would serve.
OPEN = "state IN ('intended', 'unknown')"
ACTIVE = "status = 'active'"
PRESENT = "status <> 'disconnected'"


def _key() -> Any:
    return Field(primary_key=True)


def _text() -> Any:
    return Field(sa_type=sa.Text)


def _time() -> Any:
    return Field(sa_type=sa.BigInteger)


def _maybe_time() -> Any:
    return Field(default=None, sa_type=sa.BigInteger)


def _partial(name: str, columns: tuple[str, ...], where: str, *, unique: bool = False) -> sa.Index:
    return sa.Index(name, *columns, unique=unique, sqlite_where=sa.text(where), info={"where": where})


def _to(table: str, target: str, *columns: str) -> sa.ForeignKeyConstraint:
    there = [f"{target}.{column}" for column in columns]
    return sa.ForeignKeyConstraint(columns, there, name=f"fk_{table}_{target}")


class _Row(SQLModel):
    """Nothing is validated through these classes: what pydantic would do it with is not built, which saves a fifth of
    what declaring them costs every start."""

    model_config = {"defer_build": True}


class OrganisationRow(_Row, table=True):
    """``client_id`` is the application registered in the tenant."""

    __tablename__ = "organisation"
    org_id: str = _key()
    name: str
    tenant_id: str
    client_id: str
    users_may_edit: bool


class SettingRow(_Row, table=True):
    """``crm_user_id`` '' is the organisation's own value."""

    __tablename__ = "setting"
    __table_args__ = (_to("setting", "organisation", "org_id"),)
    org_id: str = _key()
    crm_user_id: str = _key()
    rule_file: str = _key()
    name: str = _key()
    value: str = _text()
    changed_by: str
    changed_at: int = _time()


class AccountRow(_Row, table=True):
    """A Microsoft 365 account; ``account_id`` is its Entra object id, which is also the id of its mailbox's space."""

    __tablename__ = "account"
    __table_args__ = (
        _to("account", "organisation", "org_id"),
        _partial("uq_account_owner", ("org_id", "crm_user_id"), PRESENT, unique=True),
        _partial("uq_account_anywhere", ("tenant_id", "account_id"), PRESENT, unique=True),
    )
    org_id: str = _key()
    account_id: str = _key()
    crm_user_id: str
    tenant_id: str
    upn: str
    zone: str
    status: str
    reason: str


class TokenCacheRow(_Row, table=True):
    """A sign-in cache, sealed; ``version`` grows with every write."""

    __tablename__ = "token_cache"
    __table_args__ = (_to("token_cache", "account", "org_id", "account_id"),)
    org_id: str = _key()
    account_id: str = _key()
    sealed: bytes
    key_id: str
    version: int = _time()


class SpaceRow(_Row, table=True):
    """A space and when it is due; who owns or leads it, and the zone, stand on the account. A mailbox has its
    account's id; any other id is a space that all connected users of the organisation share."""

    __tablename__ = "space"
    __table_args__ = (
        _to("space", "account", "org_id", "account_id"),
        _partial("ix_space_due", ("org_id", "next_tick_at"), ACTIVE),
    )
    org_id: str = _key()
    space_id: str = _key()
    account_id: str
    status: str
    reason: str
    next_tick_at: int = _time()
    last_tick_at: int | None = _maybe_time()
    last_result: str
    not_before: int | None = _maybe_time()


class LeaseRow(_Row, table=True):
    """Who works on a space now. Apart from ``space`` because it is written on every tick. Rows are never removed
    while the space exists: ``fence`` only grows."""

    __tablename__ = "lease"
    __table_args__ = (_to("lease", "space", "org_id", "space_id"), CLUSTERED)
    org_id: str = _key()
    space_id: str = _key()
    holder: str
    fence: int = _time()
    expires_at: int = _time()


class FeedRow(_Row, table=True):
    """Where reading goes on: ``cursors`` is ``{side: {collection: cursor}}``, swapped as a whole."""

    __tablename__ = "feed"
    org_id: str = _key()
    space_id: str = _key()
    kind: str = _key()
    cursors: str = _text()
    basis: str
    access: str


class LinkRow(_Row, table=True):
    """``identity`` is what the copies of one meeting in several mailboxes share. ``due_at`` is when the link comes back
    by itself: its wake time, or 0 (at once) while it is held. ``detail`` is JSON of what no query asks for (reason,
    title, candidates …), without what is empty."""

    __tablename__ = "link"
    __table_args__ = (
        sa.UniqueConstraint("org_id", "space_id", "kind", "m365_id", name="uq_link_m365"),
        sa.UniqueConstraint("org_id", "space_id", "kind", "crm_id", name="uq_link_crm"),
        sa.Index("ix_link_crm", "org_id", "crm_id"),
        _partial("ix_link_identity", ("org_id", "kind", "identity"), "identity IS NOT NULL"),
        _partial("ix_link_due", ("org_id", "space_id", "kind", "due_at"), "due_at IS NOT NULL"),
        CLUSTERED,
    )
    org_id: str = _key()
    space_id: str = _key()
    kind: str = _key()
    link_id: str = _key()
    m365_id: str | None
    crm_id: str | None
    m365_version: str
    crm_version: str
    state: str
    due_at: int | None = _maybe_time()
    agreed_at: int | None = _maybe_time()
    detail: str = _text()
    identity: str | None


class BaseRow(_Row, table=True):
    """JSON ``[{path: crm value}, {path: m365 value}]``. Apart from ``link``, so that
    scans of links stay narrow; not clustered, because rows are wide (measured)."""

    __tablename__ = "base"
    org_id: str = _key()
    space_id: str = _key()
    kind: str = _key()
    link_id: str = _key()
    packed: str = _text()


class LinkKeyRow(_Row, table=True):
    """Digests of the match keys that unpaired links wait under."""

    __tablename__ = "link_key"
    __table_args__ = (sa.Index("ix_link_key", "org_id", "space_id", "kind", "key"), CLUSTERED)
    org_id: str = _key()
    space_id: str = _key()
    kind: str = _key()
    link_id: str = _key()
    key: str = _key()


class ClaimRow(_Row, table=True):
    """Digests of match keys under which one space is making a CRM record; ``until`` ends a claim nobody freed."""

    __tablename__ = "claim"
    __table_args__ = (CLUSTERED,)
    org_id: str = _key()
    kind: str = _key()
    key: str = _key()
    space_id: str
    until: int = _time()


class RunRow(_Row, table=True):
    """A run that wrote or parked something; idle ticks leave none. ``counts`` is JSON."""

    __tablename__ = "run"
    __table_args__ = (sa.Index("ix_run_space", "org_id", "space_id", "started"),)
    org_id: str = _key()
    run_id: str = _key()
    space_id: str
    kind: str
    cause: str
    now: int = _time()
    outcome: str
    counts: str = _text()
    rules: str
    started: int = _time()
    ended: int | None = _maybe_time()


class ActionRow(_Row, table=True):
    """Intent, journal and audit of one write. ``kind`` is the link's kind, ``record_kind`` the written side's."""

    __tablename__ = "action"
    __table_args__ = (
        _partial("ix_action_open", ("org_id", "space_id", "kind", "state"), OPEN),
        sa.Index("ix_action_run", "org_id", "run_id", "seq"),
        sa.Index("ix_action_crm", "org_id", "crm_id"),
        sa.Index("ix_action_m365", "org_id", "m365_id"),
    )
    org_id: str = _key()
    action_id: str = _key()
    run_id: str
    seq: int
    space_id: str
    kind: str
    link_id: str
    side: str
    record_kind: str
    verb: str
    klass: str
    target: str | None
    crm_id: str | None
    m365_id: str | None
    expected_version: str | None
    payload: str = _text()
    changes: str = _text()
    entry: str
    reason: str
    state: str
    intended_at: int = _time()
    ended_at: int | None = _maybe_time()
    result_version: str
    note: str


ORGANISATION = SQLModel.metadata.tables["organisation"]
SETTING = SQLModel.metadata.tables["setting"]
ACCOUNT = SQLModel.metadata.tables["account"]
TOKEN_CACHE = SQLModel.metadata.tables["token_cache"]
SPACE = SQLModel.metadata.tables["space"]
LEASE = SQLModel.metadata.tables["lease"]
FEED = SQLModel.metadata.tables["feed"]
LINK = SQLModel.metadata.tables["link"]
BASE = SQLModel.metadata.tables["base"]
LINK_KEY = SQLModel.metadata.tables["link_key"]
CLAIM = SQLModel.metadata.tables["claim"]
RUN = SQLModel.metadata.tables["run"]
ACTION = SQLModel.metadata.tables["action"]

ALL = (ORGANISATION, SETTING, ACCOUNT, TOKEN_CACHE, SPACE, LEASE, FEED, LINK, BASE, LINK_KEY, CLAIM, RUN, ACTION)


def know_postgresql() -> None:
    """Give the partial indexes their conditions on PostgreSQL too. Not done by declaring them: that would load
    PostgreSQL's dialect into every process on SQLite (25 ms and 2 MiB, measured)."""
    for index in (index for table in ALL for index in table.indexes if "where" in index.info):
        index.dialect_kwargs["postgresql_where"] = sa.text(index.info["where"])


@sa.event.listens_for(SQLModel.metadata, "before_create")
def _before_create(metadata: sa.MetaData, connection: sa.Connection, **_: Any) -> None:
    if connection.dialect.name == "postgresql":
        know_postgresql()
