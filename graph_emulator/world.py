"""Everything the emulator holds, behind one lock: tenants, mailboxes, Planner, sign-ins, faults, clock, settings."""

import threading
from collections.abc import Sequence

from graph_emulator.barrier import Barrier
from graph_emulator.behaviour import Behaviour
from graph_emulator.calendar.files import seed_firm
from graph_emulator.calendar.meetings import Office
from graph_emulator.calendar.post import Post
from graph_emulator.clock import Clock
from graph_emulator.delta import Service
from graph_emulator.faults import FaultScript
from graph_emulator.firm import Contents, Firm, build_mailbox
from graph_emulator.identifiers import guid
from graph_emulator.identity import Identity
from graph_emulator.journal import Journal
from graph_emulator.mailbox import Mailbox
from graph_emulator.people import User
from graph_emulator.planner.files import build_planner
from graph_emulator.planner.store import Planner
from graph_emulator.throttle import Throttle


class World:
    """One installation of the emulator. All that reads or changes it holds `lock`."""

    def __init__(self, firms: Sequence[Firm], clock: Clock, seed: str, behaviour: Behaviour) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.seed = seed
        self.first_behaviour = behaviour
        self.behaviour = behaviour
        self.base_url = ""
        self.firms: list[Firm] = []
        self.identity = Identity(seed, clock)
        self.mailboxes: dict[str, Mailbox] = {}
        self.planners: dict[str, Planner] = {}
        self.post = Post(clock)
        self.throttle = Throttle()
        self.script = FaultScript()
        self.barriers: list[Barrier] = []
        self.journal = Journal()
        self._requests = 0
        for firm in firms:
            self.add_firm(firm)

    def add_firm(self, firm: Firm) -> None:
        """Add a tenant with its users, mailboxes and Planner; raises FirmError."""
        built = {
            user.id: build_mailbox(user, firm.mailboxes.get(user.upn, Contents()), self.seed, self.clock)
            for user in firm.tenant.users.values()
        }
        planner = build_planner(firm.tenant, firm.planner, self.seed, self.clock, self.first_behaviour)
        self.firms.append(firm)
        self.identity.tenants[firm.tenant.id.lower()] = firm.tenant
        self.mailboxes = {**self.mailboxes, **built}
        self.planners = {**self.planners, firm.tenant.id.lower(): planner}
        self.meet_everybody()
        seed_firm(firm, {user.upn: self.mailboxes[user.id] for user in firm.tenant.users.values()}, self.office())

    def rebuild(self) -> None:
        """All mailboxes and Planner as the firm's files have them; sign-ins stay, delta tokens expire."""
        firms, self.firms = self.firms, []
        self.post.clear()
        before = self.mailboxes
        for firm in firms:
            self.add_firm(firm)
        for user_id, mailbox in self.mailboxes.items():
            mailbox.delta_generation = before[user_id].delta_generation + 1

    def meet_everybody(self) -> None:
        """Let everybody's addresses lead to the calendars that are there now."""
        self.post.forget()
        for tenant in self.identity.tenants.values():
            for user in tenant.users.values():
                if user.id in self.mailboxes:
                    self.post.enter(user, tenant.id, self.mailboxes[user.id].calendar)

    def office(self) -> Office:
        """What handling meetings needs to know."""
        return Office(self.post, self.behaviour)

    def listen_at(self, url: str) -> None:
        """Tell where the server answers."""
        self.base_url = self.identity.base_url = url

    def users(self) -> list[User]:
        """All users of all tenants."""
        return [user for tenant in self.identity.tenants.values() for user in tenant.users.values()]

    def user(self, name: str) -> User | None:
        """A user by principal name or object id."""
        return next((user for user in self.users() if name.lower() in (user.upn.lower(), user.id.lower())), None)

    def service(self) -> Service:
        """What serving a call needs to know."""
        return Service(self.base_url, self.seed, self.behaviour, self.clock.now(), self.post)

    def next_request_id(self) -> str:
        """A fresh `request-id`."""
        self._requests += 1
        return guid(self.seed, "request", self._requests)
