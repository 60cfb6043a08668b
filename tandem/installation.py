"""The only place that knows all rooms: it opens the database, compiles the rules and wires both sides for a tick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType

import sqlalchemy as sa

from crm.people import User
from crm.store import CrmStore
from crm.system import CrmSystem
from engine.context import Context, SettingValue
from engine.errors import Unavailable, UserError
from engine.language.program import Program
from engine.language.suggestions import did_you_mean
from engine.links import Space
from engine.settings import effective
from engine.sync.pipeline import Tick
from engine.sync.read import Progress, silent
from graph_client.endpoints import Endpoints
from graph_client.system import GraphSystem
from state.accounts import Account, account_of, accounts
from state.database import open_database
from state.organisations import Organisation, find_organisation
from state.organisations import settings as stored_settings
from state.secrets import TokenCaches, Vault, read_key_file
from state.spaces import SpaceRecord, find_space, spaces
from state.store import SqlState
from tandem.folder import KEY_FILE
from tandem.rulefiles import RuleFolder
from tandem.settings import Settings


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
        return GraphSystem(self.endpoints(), lambda space: _SignIn(self.sign_ins, space.org, space.id))

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
        """The mailbox's address, for people."""
        return next((one.upn for one in accounts(self.engine, self.org) if one.id == space), space)

    def chosen_spaces(self, user: str | None) -> list[SpaceRecord]:
        """The space of one user, or all that are connected or paused, longest waiting first. Raises UserError when
        there is none."""
        if user is not None:
            found = find_space(self.engine, self.org, self.account(self.user(user)).id)
            assert found is not None  # every account has its space
            return [found]
        known = [space for space in spaces(self.engine, self.org) if space.account_status != "disconnected"]
        if not known:
            raise UserError("Nobody is connected to Microsoft 365 yet.", "Run `tandem user connect USER`.")
        return sorted(known, key=lambda record: (record.last_tick_at or 0, record.space.id))

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
        context = Context(self.clock(), space.zone, space.user, self.settings_of(program, space.user))
        return Tick(
            program=program, space=space, context=context, crm=self.crm, m365=self.m365, state=state or self.state,
            run=run, clock=self.milliseconds, everything=everything, limits=self.settings.limits, progress=progress,
        )  # fmt: skip
