"""The everyday firm: customers, the CRM's contacts, and what each mailbox knows of them."""

from dataclasses import replace

from firm import words
from firm.people import Company, Person, as_retold
from firm.records import CrmContact, Firm
from firm.staff import BY_NAME, DEFAULT_FOLDER, USERS, User

#: Pairs (and one three) of mailboxes that hold the same people, and how many; each group shares a team.
SHARED_PEOPLE = (
    (("callum.reid", "priya.nair"), 8),
    (("tom.okafor", "grace.lindqvist"), 7),
    (("helen.marlowe", "callum.reid"), 3),
    (("helen.marlowe", "priya.nair"), 2),
    (("helen.marlowe", "tom.okafor"), 3),
    (("helen.marlowe", "grace.lindqvist"), 2),
    (("helen.marlowe", "callum.reid", "priya.nair"), 1),
)
UNTICKED_EVERY = 17


def found_companies(firm: Firm) -> dict[str, list[Company]]:
    """Give each user their customers; the last few of each are unknown to the CRM. Answers user name → companies."""
    of_user: dict[str, list[Company]] = {}
    abroad = firm.registry.far_companies()
    for user in USERS:
        known = [*firm.registry.town_companies(user.towns, 14), abroad.pop()]
        for company in known:
            firm.enter_company(company, user.user_name)
        of_user[user.user_name] = known
    return of_user


def fill_crm(firm: Firm, companies: dict[str, list[Company]]) -> None:
    """Enter every user's contacts."""
    for user in USERS:
        for number in range(user.crm_contacts):
            person = firm.registry.person(firm.dice.pick(companies[user.user_name]))
            ticked = number % UNTICKED_EVERY != UNTICKED_EVERY - 1
            firm.enter_contact(user.user_name, person, *_folders(firm, user), ticked=ticked)


def _folders(firm: Firm, user: User) -> tuple[str, ...]:
    draw = firm.dice.below(100)
    if draw < 60:
        return (user.home_folder,)
    if draw < 68:
        return (user.home_folder, "Key Accounts")
    if draw < 76:
        return ("Suppliers",)
    if draw < 84:
        return ("Key Accounts", user.home_folder)
    if draw < 91:
        return ("Boat Show",)
    if draw < 95:
        return ("Old Customers",)
    return ()


def fill_mailboxes(firm: Firm, companies: dict[str, list[Company]]) -> None:
    """Let every mailbox know some of its owner's contacts, some of a colleague's, some new and some private people."""
    for user in USERS:
        own = [contact for contact in firm.contacts if contact.owner == user.user_name and _has_place(user, contact)]
        for contact in own[:14]:
            _know(firm, user, contact, contact.person, contact.style)
        for contact in own[14:34]:
            _know(firm, user, contact, as_retold(contact.person, firm.dice))
        for contact in own[34:41]:
            _know(firm, user, contact, _by_name_only(firm, contact.person))
        _know_colleagues(firm, user)
        _know_new_people(firm, user, companies[user.user_name])
        _know_unchosen_people(firm, user, companies[user.user_name], own[41:43])
    _know_the_same_people(firm, companies)


def _has_place(user: User, contact: CrmContact) -> bool:
    folder = contact.folders[0] if contact.folders else DEFAULT_FOLDER
    return folder == DEFAULT_FOLDER or (folder in user.mailbox_folders and user.takes(folder))


def _know(firm: Firm, user: User, contact: CrmContact, person: Person, style: int | None = None) -> None:
    folder = contact.folders[0] if contact.folders else DEFAULT_FOLDER
    firm.enter_outlook(user.user_name, person, folder, style)


def _by_name_only(firm: Firm, person: Person) -> Person:
    """The same name and company under an address the CRM has not got, or none at all."""
    local = person.emails[0].split("@")[0]
    emails = (f"{local}@homeport.example",) if firm.dice.chance(60) else ()
    return replace(as_retold(person, firm.dice), emails=emails)


def _know_colleagues(firm: Firm, user: User) -> None:
    """Seven people whom the CRM gives to a colleague of the same team."""
    colleagues = {other.user_name for other in USERS if other != user and set(other.teams) & set(user.teams)}
    theirs = [contact for contact in firm.contacts if contact.owner in colleagues and contact.ticked]
    for step in range(7):
        contact = theirs[(step * len(theirs)) // 7 + 5]
        firm.enter_outlook(user.user_name, as_retold(contact.person, firm.dice), _chosen_folder(firm, user))


def _know_new_people(firm: Firm, user: User, companies: list[Company]) -> None:
    """Sixteen people the CRM has never met, a few of them at companies it has never met."""
    unknown = firm.registry.town_companies(user.towns, 3)
    for number in range(16):
        company = firm.dice.pick(unknown if number % 4 == 0 else companies)
        firm.enter_outlook(user.user_name, firm.registry.person(company), _chosen_folder(firm, user))


def _chosen_folder(firm: Firm, user: User) -> str:
    """A folder whose contacts may become CRM contacts of this user."""
    if user.crm_folders:
        return firm.dice.pick([folder for folder in user.mailbox_folders if folder in user.crm_folders])
    return firm.dice.pick((DEFAULT_FOLDER, user.home_folder))


def _know_unchosen_people(firm: Firm, user: User, companies: list[Company], archived: list[CrmContact]) -> None:
    """Family and friends, and an archive: folders that were not chosen, so nobody in them may reach the CRM."""
    if "Family" in user.mailbox_folders:
        for number in range(6):
            name = words.FAMILY_NAMES[(number + len(user.user_name)) % len(words.FAMILY_NAMES)]
            person = Person(first=name, mobile=firm.registry.mobile(), notes="Private ❤️")
            firm.enter_outlook(user.user_name, person, "Family")
    if "Archive" in user.mailbox_folders:
        for _ in range(4):
            firm.enter_outlook(user.user_name, firm.registry.person(firm.dice.pick(companies)), "Archive")
        for contact in archived:
            firm.enter_outlook(user.user_name, as_retold(contact.person, firm.dice), "Archive")


def _know_the_same_people(firm: Firm, companies: dict[str, list[Company]]) -> None:
    """New people whom several users know; the last of each group is recognised by name and company alone."""
    for user_names, count in SHARED_PEOPLE:
        for number in range(count):
            person = firm.registry.person(firm.dice.pick(companies[user_names[-1]]))
            first, *others = user_names
            firm.enter_outlook(first, person, _chosen_folder(firm, BY_NAME[first]))
            for other in others:
                by_name = count > 1 and number == count - 1
                retold = _by_name_only(firm, person) if by_name else as_retold(person, firm.dice)
                firm.enter_outlook(other, retold, _chosen_folder(firm, BY_NAME[other]))
