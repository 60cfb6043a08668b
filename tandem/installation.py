"""The only place that knows all rooms: it opens the database, compiles the rules and wires both sides for a tick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType
from typing import Final

import sqlalchemy as sa
from msgspec import structs

from crm.people import User
from crm.store import CrmStore
from crm.system import CrmSystem
from engine.context import Context, Directory, SettingValue
from engine.errors import Unavailable, UserError
from engine.language.program import Program
from engine.language.suggestions import did_you_mean
from engine.links import Member, Space
from engine.records import CRM, M365
from engine.settings import effective
from engine.sync.pipeline import Tick
from engine.sync.read import Progress, silent
from engine.sync.warn import Neighbour
from graph_client.endpoints import Endpoints
from graph_client.planner.catalogue import Catalogue
from graph_client.system import GraphSystem
from state.accounts import Account, account_of, accounts
from state.database import open_database
from state.organisations import Organisation, find_organisation
from state.organisations import settings as stored_settings
from state.secrets import TokenCaches, Vault, read_key_file
from state.spaces import SpaceRecord, find_space, share_space, spaces
from state.store import SqlState
from tandem.folder import KEY_FILE
from tandem.rulefiles import RuleFolder
from tandem.settings import Settings

PLANNER: Final = "planner"
"""The id of the space that holds an organisation's Planner: all its connected users share it."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def quiet(point: str) -> None:
    """What happens around commits when nobody listens."""
    del point


@dataclass(frozen=True, slots=True)
class _SignIn:
    """Where one account's sign-in is kept: the Graph client's TokenStore over the sealed caches."""

    caches: TokenCaches
    org: str
    account: str

    def load(self) -> tuple[str, int]:
        try:
            found = self.caches.load(self.org, self.account)
        except UserError as problem:  # this mailbox's trouble: all others go on
            raise Unavailable(f"{problem} {problem.hint}") from problem
        return found.content, found.version

    def save(self, text: str, version: int) -> bool:
        return self.caches.store(self.org, self.account, text, version) is not None


def _takes_part(program: Program, context: Context) -> bool:
    direction = program.direction(context)
    return direction.to_crm or direction.to_m365


class Installation:
    """One opened installation; a context manager, because it holds connections.

    ``clock`` gives the aware UTC instant that decisions and leases go by; ``on_commit`` is told of every commit, which
    is how tests cut a run short.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], datetime] = utc_now,
        on_commit: Callable[[str], None] = quiet,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.on_commit = on_commit
        self.rules = RuleFolder(settings.rules)
        self.published: Catalogue | None = None
        """The catalogue of Planner's lists that this process has brought into the CRM."""
        self.engine: sa.Engine = open_database(settings.database, must_exist=True)

    def __enter__(self) -> Installation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if "m365" in self.__dict__:
            self.m365.close()
        self.engine.dispose()

    # ---- rooms ----

    @property
    def org(self) -> str:
        return self.settings.organisation

    @property
    def organisation(self) -> Organisation:
        """The organisation as stored. Raises UserError before ``tandem init``."""
        found = find_organisation(self.engine, self.org)
        if found is None:
            raise UserError(f"The database has no organisation {self.org}.", "Run `tandem init` first.")
        return found

    def programs(self) -> tuple[Program, ...]:
        return self.rules.programs()

    def milliseconds(self) -> int:
        """UTC now, for leases and journals."""
        return int(self.clock().timestamp() * 1000)

    @cached_property
    def crm(self) -> CrmSystem:
        return CrmSystem(self.engine, self.org, self.milliseconds, self.on_commit)

    @cached_property
    def store(self) -> CrmStore:
        """The CRM as its own people use it."""
        return CrmStore(self.engine, self.org, self.milliseconds, self.on_commit)

    @cached_property
    def state(self) -> SqlState:
        return SqlState(self.engine, self.org, self.milliseconds, self.on_commit)

    @cached_property
    def vault(self) -> Vault:
        return read_key_file(self.settings.folder / KEY_FILE)

    @cached_property
    def sign_ins(self) -> TokenCaches:
        return TokenCaches(self.engine, self.vault)

    def endpoints(self) -> Endpoints:
        """Microsoft 365 for this organisation. Raises UserError for addresses that may not be used."""
        given = self.settings.microsoft
        if not given.client_id:
            raise UserError(
                "This installation does not know its app registration yet.",
                "Put its application (client) id into tandem.toml: client_id in the section [microsoft].",
            )
        return Endpoints(
            authority=given.authority, graph=given.graph, client_id=given.client_id,
            tenant=given.tenant or self.organisation.tenant_id, ca_file=given.ca_file or None,
            proxy=given.proxy or None, allow_test_authority=given.allow_test_authority,
        )  # fmt: skip

    @cached_property
    def m365(self) -> GraphSystem:
        return GraphSystem(self.endpoints(), lambda org, account: _SignIn(self.sign_ins, org, account))

    # ---- people ----

    def user(self, name: str) -> User:
        """A CRM user by user name or id. Raises UserError with the nearest name."""
        found = self.store.user(name)
        if found is None:
            known = [user.user_name for user in self.store.users()]
            hint = did_you_mean(name, known) or "`tandem user list` shows all users."
            raise UserError(f"The CRM has no user {name}.", hint)
        return found

    def account(self, user: User) -> Account:
        """The user's account, connected or paused. Raises UserError when there is none."""
        found = account_of(self.engine, self.org, user.id)
        if found is None:
            raise UserError(
                f"{user.user_name} is not connected to Microsoft 365.", f"Run `tandem user connect {user.user_name}`."
            )
        return found

    def address(self, space: str) -> str:
        """The mailbox's address, or what a shared space is called, for people."""
        if space == PLANNER:
            return "Planner"
        return next((one.upn for one in accounts(self.engine, self.org) if one.id == space), space)

    def spaces(self) -> list[SpaceRecord]:
        """All spaces that are connected or paused: mailboxes first, longest waiting first."""
        self._share()
        known = [space for space in spaces(self.engine, self.org) if space.account_status != "disconnected"]
        return sorted(known, key=lambda record: (record.shared, record.last_tick_at or 0, record.space.id))

    def chosen_spaces(self, user: str | None) -> list[SpaceRecord]:
        """The spaces of one user (the mailbox, and what all share), or all of them. Raises UserError when there is
        none."""
        if user is not None:
            found = find_space(self.engine, self.org, self.account(self.user(user)).id)
            assert found is not None  # every account has its space
            connected = found.account_status == "connected"
            return [found, *(one for one in self.spaces() if one.shared and connected)]
        known = self.spaces()
        if not known:
            raise UserError("Nobody is connected to Microsoft 365 yet.", "Run `tandem user connect USER`.")
        return known

    def _share(self) -> None:
        """The space that all share is there as soon as rules speak of records in it."""
        if any(program.m365.shared for program in self.programs()):
            share_space(self.engine, self.org, PLANNER, self.milliseconds())

    # ---- ticks ----

    def settings_of(self, program: Program, user: str) -> dict[str, SettingValue]:
        """The settings that count for one user under one rule file."""
        of_org = stored_settings(self.engine, self.org, program.name)
        of_user = stored_settings(self.engine, self.org, program.name, user)
        return effective(program.settings, of_org, of_user, self.organisation.users_may_edit)

    def tick(
        self,
        space: Space,
        program: Program,
        run: str,
        *,
        everything: bool = False,
        state: SqlState | None = None,
        progress: Progress = silent,
    ) -> Tick:
        """One space and one rule file at this instant, ready to be planned or run."""
        contexts, members = self._contexts(space, program)
        self.m365.want(program.m365.kind, program.reads[M365])
        return Tick(
            program=program, space=structs.replace(space, members=members) if space.members else space,
            context=contexts[0], others=tuple(contexts[1:]),
            crm=self.crm.reading(program.crm.kind, program.reads[CRM]), m365=self.m365,
            state=state or self.state, run=run, clock=self.milliseconds, everything=everything,
            limits=self.settings.limits, progress=progress, neighbours=lambda: self._neighbours(space, program),
        )  # fmt: skip

    def _neighbours(self, space: Space, program: Program) -> dict[str, Neighbour]:
        """The users of all other mailboxes, by space."""
        now = self.clock()
        return {
            one.id: Neighbour(
                one.upn, Context(now, one.zone, one.user, self.settings_of(program, one.user), account=one.id)
            )
            for one in accounts(self.engine, self.org)
            if one.id != space.id and one.status != "disconnected"
        }

    def _directory(self, program: Program) -> Directory:
        """Who is who for records that have copies in several mailboxes: accounts of the users who sync this kind, and
        every active user's main address."""
        people = {user.id: user for user in self.store.users() if user.status == "Active"}
        connected = [one for one in accounts(self.engine, self.org) if one.status == "connected" and one.user in people]
        now = self.clock()
        part = [
            one
            for one in connected
            if _takes_part(program, Context(now, one.zone, one.user, self.settings_of(program, one.user)))
        ]
        return Directory(
            {one.user: one.id for one in part},
            {one.user: one.upn.casefold() for one in part},
            {id: user.email1.casefold() for id, user in people.items() if user.email1},
        )

    def asleep(self, space: Space, program: Program) -> bool:
        """Whether a kind of record ships switched off, nobody of this space has it switched on, and it was never read:
        the first sync, which mails nobody, is the one after it is switched on, whatever else was set before."""
        now = self.clock()
        by_default = Context(now, space.zone, space.user, {spec.name: spec.default for spec in program.settings})
        if _takes_part(program, by_default):
            return False
        contexts = (
            Context(now, one.zone, one.user, self.settings_of(program, one.user), account=one.account)
            for one in space.everyone
        )
        if any(_takes_part(program, context) for context in contexts):
            return False
        return not self.state.feeds(space.id, program.name).basis

    def _contexts(self, space: Space, program: Program) -> tuple[list[Context], tuple[Member, ...]]:
        """A context for each member that takes part, the leading one first, and these members: of a shared space
        those who sync this kind of record. Where nobody does, the leader's, whose direction writes nothing."""
        now = self.clock()
        contexts = [
            Context(now, one.zone, one.user, self.settings_of(program, one.user), account=one.account)
            for one in space.everyone
        ]
        if not space.members:
            if program.copies is None:
                return contexts, ()
            directory = self._directory(program)
            return [structs.replace(context, directory=directory) for context in contexts], ()
        part = [i for i, context in enumerate(contexts) if _takes_part(program, context)] or [0]
        members = tuple(space.members[i] for i in part)
        directory = Directory({member.user: member.account for member in members})
        return [structs.replace(contexts[i], directory=directory) for i in part], members
