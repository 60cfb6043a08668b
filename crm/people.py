"""Users, teams, memberships and shares. Whatever moves somebody's rights moves their access revision with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, Connection, Executable, Result, Table, delete, insert, select, update

from crm.access import rights_moved
from crm.fields import STATUSES
from crm.kinds import STORED, USERS, Kind, kind_named
from crm.references import release
from crm.tables import ACCESS, GRANTEES, SHARING, company, membership, share, task_list_viewer, team, user
from crm.transactions import PENDING, Transaction
from engine.context import fold
from engine.errors import UserError

_USER_FIELDS: Final = ("user_name", "first_name", "last_name", "email1", "status", "is_admin", "zone")
_MOVING_RIGHTS: Final = ("status", "is_admin")


Effect: TypeAlias = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class User:
    """A CRM user. ``zone`` is an IANA name; ``teams`` are team ids."""

    id: str
    user_name: str
    first_name: str | None
    last_name: str | None
    email1: str | None
    status: str
    is_admin: bool
    zone: str
    teams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Team:
    """Colleagues; ``sharing`` (none, read, edit) is what members may do with each other's records."""

    id: str
    name: str
    description: str | None
    sharing: str


@dataclass(frozen=True, slots=True)
class Share:
    """A record shown to a team or a user (``grantee_kind``), to read or to edit. ``kind`` as rule files name it."""

    kind: str
    crm_id: str
    grantee_kind: str
    grantee_id: str
    access: str


def all_users(connection: Connection, org: str) -> list[User]:
    """Every user, by user name."""
    teams: dict[str, list[str]] = {}
    joined = select(membership.c.user_id, membership.c.team_id).where(membership.c.org_id == org)
    for user_id, team_id in connection.execute(joined.order_by(membership.c.team_id)):
        teams.setdefault(user_id, []).append(team_id)
    columns = [user.c[name] for name in _USER_FIELDS]
    wanted = select(user.c.crm_id.label("id"), *columns).where(user.c.org_id == org).order_by(user.c.name_key)
    rows = connection.execute(wanted).mappings()
    return [User(**{**row, "teams": tuple(teams.get(row["id"], ()))}) for row in rows]


def all_teams(connection: Connection, org: str) -> list[Team]:
    """Every team, by name."""
    wanted = select(team.c.crm_id, team.c.name, team.c.description, team.c.sharing).where(team.c.org_id == org)
    return [Team(*row) for row in connection.execute(wanted.order_by(team.c.name_key))]


def all_shares(connection: Connection, org: str) -> list[Share]:
    """Every share, by kind and record id."""
    columns = (share.c.kind, share.c.crm_id, share.c.grantee_kind, share.c.grantee_id, share.c.access)
    wanted = select(*columns).where(share.c.org_id == org).order_by(*columns)
    kinds = {stored: kind.name for stored, kind in STORED.items()}
    return [Share(kinds[stored], *rest) for stored, *rest in connection.execute(wanted)]


class People:
    """Changes to users, teams and shares inside one transaction. Unknown ids, taken names and values that are no
    choice raise UserError."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction

    def create_user(self, user_name: str, crm_id: str | None = None, **values: object) -> str:
        """A new user; the id is the user name unless given. ``values`` as in User, but for teams."""
        made = crm_id or user_name
        defaults = {"first_name": None, "last_name": None, "email1": None}
        row = {**defaults, "status": "Active", "is_admin": False, "zone": "UTC", **values, "user_name": user_name}
        self._check_user(row, None)
        keys = {"org_id": self.transaction.org, "crm_id": made, "name_key": fold(user_name)}
        self._execute(insert(user).values(**keys, access_rev=PENDING, **row))
        self.transaction.touch(user)
        return made

    def change_user(self, crm_id: str, **values: object) -> None:
        self._known(user, crm_id, "user")
        self._check_user(values, crm_id)
        if isinstance(name := values.get("user_name"), str):
            values["name_key"] = fold(name)
        self._execute(
            update(user).where(user.c.org_id == self.transaction.org, user.c.crm_id == crm_id).values(**values)
        )
        self.transaction.touch(user)
        if any(name in values for name in _MOVING_RIGHTS):
            rights_moved(self.transaction, users=[crm_id])

    def delete_user(self, crm_id: str, heir: str | None = None) -> None:
        """Remove a user; what they own goes to the heir, or to nobody. On others' activities they are no more."""
        self._known(user, crm_id, "user")
        if heir is not None:
            self._known(user, heir, "user")
        self.set_teams(crm_id, ())
        self._forget_shares("user", crm_id)
        release(self.transaction, USERS, crm_id, heir)
        seeing = (task_list_viewer.c.org_id == self.transaction.org, task_list_viewer.c.user_id == crm_id)
        self._execute(delete(task_list_viewer).where(*seeing))
        owned = (company.c.org_id == self.transaction.org, company.c.owner_id == crm_id)
        self._execute(update(company).where(*owned).values(owner_id=heir, version=company.c.version + 1, rev=PENDING))
        self.transaction.touch(company)
        self._execute(delete(user).where(user.c.org_id == self.transaction.org, user.c.crm_id == crm_id))

    def set_teams(self, user_id: str, teams: Collection[str]) -> bool:
        """Make these the user's teams; True if that changed anything. Everybody in a team that was joined or left
        may see something else now."""
        self._known(user, user_id, "user")
        for team_id in teams:
            self._known(team, team_id, "team")
        org = self.transaction.org
        mine = (membership.c.org_id == org, membership.c.user_id == user_id)
        before = set(self._execute(select(membership.c.team_id).where(*mine)).scalars())
        joined, left = set(teams) - before, before - set(teams)
        if not joined and not left:
            return False
        self._execute(delete(membership).where(*mine, membership.c.team_id.in_(sorted(left))))
        if joined:
            rows = [{"org_id": org, "team_id": team_id, "user_id": user_id} for team_id in sorted(joined)]
            self.transaction.connection.execute(insert(membership), rows)
        self.transaction.touch(membership)
        rights_moved(self.transaction, users=[user_id], teams=joined | left)
        return True

    def create_team(
        self, name: str, description: str | None = None, sharing: str = "edit", crm_id: str | None = None
    ) -> str:
        self._check_name(team, name, "team", None)
        _choose("Sharing", sharing, SHARING)
        made = crm_id or self.transaction.reserve(1)[0]
        values = {"name": name, "name_key": fold(name), "description": description, "sharing": sharing}
        self._execute(insert(team).values(org_id=self.transaction.org, crm_id=made, **values))
        self.transaction.touch(team)
        return made

    def change_team(self, crm_id: str, **values: object) -> None:
        self._known(team, crm_id, "team")
        if isinstance(name := values.get("name"), str):
            self._check_name(team, name, "team", crm_id)
            values["name_key"] = fold(name)
        if "sharing" in values:
            _choose("Sharing", values["sharing"], SHARING)
            rights_moved(self.transaction, teams=[crm_id])
        self._execute(
            update(team).where(team.c.org_id == self.transaction.org, team.c.crm_id == crm_id).values(**values)
        )
        self.transaction.touch(team)

    def delete_team(self, crm_id: str) -> None:
        self._known(team, crm_id, "team")
        rights_moved(self.transaction, teams=[crm_id])
        org = self.transaction.org
        self._forget_shares("team", crm_id)
        self._execute(delete(membership).where(membership.c.org_id == org, membership.c.team_id == crm_id))
        self._execute(delete(team).where(team.c.org_id == org, team.c.crm_id == crm_id))
        self.transaction.touch(team)

    def share(self, kind: str, crm_id: str, grantee_kind: str, grantee_id: str, access: str) -> Effect:
        """Show a record to a ``team`` or a ``user``, to ``read`` or ``edit``; the answer is created, updated or
        unchanged."""
        shown = kind_named(kind)
        _choose("A share", grantee_kind, GRANTEES)
        _choose("Access", access, ACCESS)
        self._known(shown.table, crm_id, shown.label)
        self._known(team if grantee_kind == "team" else user, grantee_id, grantee_kind)
        this = self._share(shown, crm_id, grantee_kind, grantee_id)
        held = self._execute(select(share.c.access).where(*this)).scalar_one_or_none()
        if held == access:
            return "unchanged"
        if held is None:
            keys = {"kind": shown.stored, "crm_id": crm_id, "grantee_kind": grantee_kind, "grantee_id": grantee_id}
            self._execute(insert(share).values(org_id=self.transaction.org, access=access, **keys))
        else:
            self._execute(update(share).where(*this).values(access=access))
        self._shares_moved(grantee_kind, grantee_id)
        return "created" if held is None else "updated"

    def unshare(self, kind: str, crm_id: str, grantee_kind: str, grantee_id: str) -> None:
        """Stop showing a record; nothing happens if it was not shown."""
        self._execute(delete(share).where(*self._share(kind_named(kind), crm_id, grantee_kind, grantee_id)))
        self._shares_moved(grantee_kind, grantee_id)

    def _share(self, kind: Kind, crm_id: str, grantee_kind: str, grantee_id: str) -> tuple[ColumnElement[bool], ...]:
        return (
            share.c.org_id == self.transaction.org,
            share.c.kind == kind.stored,
            share.c.crm_id == crm_id,
            share.c.grantee_kind == grantee_kind,
            share.c.grantee_id == grantee_id,
        )

    def _shares_moved(self, grantee_kind: str, grantee_id: str) -> None:
        self.transaction.touch(share)
        if grantee_kind == "team":
            rights_moved(self.transaction, teams=[grantee_id])
        else:
            rights_moved(self.transaction, users=[grantee_id])

    def _forget_shares(self, grantee_kind: str, grantee_id: str) -> None:
        theirs = (share.c.grantee_kind == grantee_kind, share.c.grantee_id == grantee_id)
        self._execute(delete(share).where(share.c.org_id == self.transaction.org, *theirs))

    def _known(self, table: Table, crm_id: str, what: str) -> None:
        wanted = select(table.c.crm_id).where(table.c.org_id == self.transaction.org, table.c.crm_id == crm_id)
        if self._execute(wanted).first() is None:
            raise UserError(f"The CRM has no such {what}.")

    def _check_name(self, table: Table, name: str, what: str, own: str | None) -> None:
        if not fold(name):
            raise UserError(f"A {what} needs a name.")
        wanted = select(table.c.crm_id).where(table.c.org_id == self.transaction.org, table.c.name_key == fold(name))
        if self._execute(wanted).scalar_one_or_none() not in (None, own):
            raise UserError(f"Another {what} has this name already.", "Choose another name.")

    def _check_user(self, values: Mapping[str, object], own: str | None) -> None:
        unknown = values.keys() - set(_USER_FIELDS)
        if unknown:
            raise UserError(f"A user has no {', '.join(sorted(unknown))}.")
        if isinstance(name := values.get("user_name"), str):
            self._check_name(user, name, "user", own)
        if "status" in values:
            _choose("Status", values["status"], STATUSES)
        if "zone" in values and not is_zone(values["zone"]):
            raise UserError("The time zone is not known.", "Give a name such as Europe/London.")

    def _execute(self, statement: Executable) -> Result[Any]:
        return self.transaction.connection.execute(statement)


def is_zone(name: object) -> bool:
    """Whether this is an IANA time zone name that this machine knows."""
    try:
        ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _choose(what: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UserError(f"{what} must be one of: {', '.join(choices)}.")
