"""Organisations and their settings."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

import sqlalchemy as sa

from engine.context import EVERYTHING, SettingValue
from engine.errors import UserError
from state.database import reading, writing
from state.tables import ACCOUNT, ORGANISATION, SETTING

#: In a setting's key: the value counts for the whole organisation.
WHOLE: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """``client_id`` is the application registered in the tenant; ``users_may_edit`` lets users change settings."""

    id: str
    name: str
    tenant_id: str = ""
    client_id: str = ""
    users_may_edit: bool = True


def create_organisation(engine: sa.Engine, organisation: Organisation) -> None:
    """Raises UserError when the id is taken."""
    with writing(engine) as connection:
        if _row(connection, organisation.id) is not None:
            raise UserError(f"There is an organisation {organisation.id} already.", "Choose another id.")
        connection.execute(sa.insert(ORGANISATION).values(_columns(organisation)))


def change_organisation(engine: sa.Engine, organisation: Organisation) -> None:
    """Store new properties. Raises UserError for an unknown one, and for another tenant while accounts of the
    present one are connected."""
    with writing(engine) as connection:
        before = require(connection, organisation.id)
        connected = sa.select(ACCOUNT.c.account_id).where(
            ACCOUNT.c.org_id == organisation.id, ACCOUNT.c.status != "disconnected"
        )
        if before.tenant_id != organisation.tenant_id and connection.execute(connected).first() is not None:
            raise UserError("Accounts of the present tenant are connected.", "Disconnect every user first.")
        changed = sa.update(ORGANISATION).where(ORGANISATION.c.org_id == organisation.id)
        connection.execute(changed.values(_columns(organisation)))


def organisations(engine: sa.Engine) -> list[Organisation]:
    with reading(engine) as connection:
        rows = connection.execute(sa.select(ORGANISATION).order_by(ORGANISATION.c.org_id)).mappings()
        return [_organisation(row) for row in rows]


def find_organisation(engine: sa.Engine, org: str) -> Organisation | None:
    with reading(engine) as connection:
        row = _row(connection, org)
    return None if row is None else _organisation(row)


def require(connection: sa.Connection, org: str) -> Organisation:
    """The organisation, which stays as it is until this transaction ends. Raises UserError for an unknown one."""
    row = _row(connection, org)
    if row is None:
        raise UserError(f"There is no organisation {org}.", "Run `tandem init` first.")
    return _organisation(row)


def _row(connection: sa.Connection, org: str) -> sa.RowMapping | None:
    wanted = sa.select(ORGANISATION).where(ORGANISATION.c.org_id == org)
    if connection.get_execution_options().get("immediate"):
        wanted = wanted.with_for_update()
    return connection.execute(wanted).mappings().first()


def _columns(organisation: Organisation) -> dict[str, object]:
    columns = asdict(organisation)
    columns["org_id"] = columns.pop("id")
    return columns


def _organisation(row: sa.RowMapping) -> Organisation:
    return Organisation(
        id=row["org_id"], name=row["name"], tenant_id=row["tenant_id"], client_id=row["client_id"],
        users_may_edit=row["users_may_edit"],
    )  # fmt: skip


# ---- settings -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """One setting of a rule file; ``user`` is a CRM user's id, or WHOLE. ``value`` None goes back to the default."""

    rule_file: str
    name: str
    value: SettingValue
    user: str = WHOLE
    changed_by: str
    changed_at: int


def change_setting(engine: sa.Engine, org: str, change: SettingChange) -> None:
    key = {"org_id": org, "crm_user_id": change.user, "rule_file": change.rule_file, "name": change.name}
    with writing(engine) as connection:
        require(connection, org)
        connection.execute(sa.delete(SETTING).where(*(SETTING.c[name] == value for name, value in key.items())))
        if change.value is not None:
            who = {"changed_by": change.changed_by, "changed_at": change.changed_at}
            connection.execute(sa.insert(SETTING).values(key | who | {"value": _encode(change.value)}))


def settings(engine: sa.Engine, org: str, rule_file: str, user: str = WHOLE) -> dict[str, SettingValue]:
    """The values set for that user (or the organisation) by name; what counts is the engine's to say."""
    wanted = sa.select(SETTING.c.name, SETTING.c.value).where(
        SETTING.c.org_id == org, SETTING.c.rule_file == rule_file, SETTING.c.crm_user_id == user
    )
    with reading(engine) as connection:
        return {row.name: _decode(row.value) for row in connection.execute(wanted)}


def _encode(value: SettingValue) -> str:
    return json.dumps({"everything": True} if value is EVERYTHING else value)


def _decode(text: str) -> SettingValue:
    raw = json.loads(text)
    if isinstance(raw, dict):
        return EVERYTHING
    if isinstance(raw, list):
        return tuple(str(item) for item in raw)
    if raw is None or isinstance(raw, bool | int | str):
        return raw
    raise TypeError(f"no setting has the JSON type {type(raw).__name__}")
