"""What the generator fills: the firm's records on both sides, before they are written as files."""

from dataclasses import dataclass, field

from firm.people import Company, Dice, Person, Registry
from firm.staff import DEFAULT_FOLDER, USERS


@dataclass(frozen=True, slots=True)
class CrmContact:
    """A contact of the CRM; `folders` in the CRM's order, `style` says how its telephone numbers are typed."""

    crm_id: int
    person: Person
    owner: str
    folders: tuple[str, ...]
    ticked: bool
    style: int


@dataclass(frozen=True, slots=True)
class OutlookContact:
    """A contact of one mailbox, in one folder."""

    person: Person
    folder: str
    style: int
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """A contact shown to a team or to a user beyond its own team."""

    crm_id: int
    team: str
    user: str
    access: str


@dataclass(slots=True)
class Firm:
    """The growing firm. `known` are the CRM's companies, by id; further ones appear in Outlook only."""

    registry: Registry
    known: list[tuple[int, Company, str]] = field(default_factory=list)
    contacts: list[CrmContact] = field(default_factory=list)
    mailboxes: dict[str, list[OutlookContact]] = field(default_factory=lambda: {user.user_name: [] for user in USERS})
    shares: list[Share] = field(default_factory=list)

    @property
    def dice(self) -> Dice:
        return self.registry.dice

    def enter_company(self, company: Company, owner: str) -> None:
        self.known.append((5001 + len(self.known), company, owner))

    def enter_contact(
        self, owner: str, person: Person, *folders: str, ticked: bool = True, style: int | None = None
    ) -> CrmContact:
        """Add a contact to the CRM under the next number."""
        number = 10001 + 3 * len(self.contacts)
        style = self.dice.below(6) if style is None else style
        contact = CrmContact(number, person, owner, folders, ticked, style)
        self.contacts.append(contact)
        return contact

    def enter_outlook(
        self, user_name: str, person: Person, folder: str = DEFAULT_FOLDER, style: int | None = None
    ) -> None:
        """Add a contact to a mailbox, typed the way its owner types."""
        style = self.dice.below(6) if style is None else style
        categories = (self.dice.pick(("Customer", "Supplier", "Boat show")),) if self.dice.chance(20) else ()
        self.mailboxes[user_name].append(OutlookContact(person, folder, style, categories))

    def enter_both(self, owner: str, person: Person, folder: str) -> CrmContact:
        """Add a contact that the CRM and its owner's mailbox describe alike."""
        contact = self.enter_contact(owner, person, *([folder] if folder else []))
        self.enter_outlook(owner, person, folder or DEFAULT_FOLDER, contact.style)
        return contact
