"""Writes the firm as text: CSV with OpenCRM's labels, JSON with Graph's names."""

import csv
import io
import json
import uuid
from collections.abc import Iterable, Sequence

from firm.people import Address, typed
from firm.records import CrmContact, Firm, OutlookContact
from firm.staff import BY_NAME, CRM_FOLDERS, DEFAULT_FOLDER, DOMAIN, TEAMS, USERS, User

CONTACT_LABELS = (
    "Contact Id", "First Name", "Last Name", "Organisation Name", "Title", "Department", "Email", "Private Email",
    "Office Phone", "Mobile", "Home Phone", "Other Phone", "Fax", "Assistant", "Mailing Street", "Mailing Street 2",
    "Mailing City", "Mailing County", "Mailing Postcode", "Mailing Country", "Other Street", "Other Street 2",
    "Other City", "Other County", "Other Postcode", "Other Country", "Birthday", "Description", "Folder",
    "Include in Sync", "Assigned To",
)  # fmt: skip
USER_LABELS = ("user_name", "first_name", "last_name", "email1", "status", "teams", "time zone")
#: The tenant and its application; user ids are derived from it, so that they are the same every time.
TENANT = uuid.UUID("6f1d2c9a-7b54-4e0e-9d38-51c0a4f7e2b6")


def crm_files(firm: Firm) -> dict[str, str]:
    """File name → CSV text, for the CRM's side."""
    users = [
        (user.user_name, user.first, user.last, user.upn, "Active", "; ".join(user.teams), user.zone) for user in USERS
    ]
    companies = [(str(number), company.name, owner) for number, company, owner in firm.known]
    shares = [(str(share.crm_id), share.team, share.user, share.access) for share in firm.shares]
    return {
        "crm/users.csv": _csv(USER_LABELS, users),
        "crm/teams.csv": _csv(("Team", "Description"), TEAMS.items()),
        "crm/folders.csv": _csv(("Folder", "Description"), CRM_FOLDERS.items()),
        "crm/companies.csv": _csv(("Company Id", "Organisation Name", "Assigned To"), companies),
        "crm/contacts.csv": _csv(CONTACT_LABELS, map(_contact_row, firm.contacts)),
        "crm/shares.csv": _csv(("Contact Id", "Team", "User", "Access"), shares),
    }


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _contact_row(contact: CrmContact) -> tuple[str, ...]:
    person, style = contact.person, contact.style
    email, email2 = (*person.emails, "", "")[:2]
    numbers = (person.phone, person.mobile, person.home_phone, person.other_phone, person.fax)
    return (
        str(contact.crm_id), person.first, person.last, person.company, person.title, person.department, email, email2,
        *(typed(number, style) for number in numbers), person.assistant, *_crm_address(person.mailing),
        *_crm_address(person.other), person.birthday, person.notes, "; ".join(contact.folders),
        "yes" if contact.ticked else "no", contact.owner,
    )  # fmt: skip


def _crm_address(address: Address) -> tuple[str, ...]:
    return (address.street, address.street2, address.city, address.county, address.postcode, address.country)


def mailbox_files(firm: Firm) -> dict[str, str]:
    """File name → JSON text, for the tenant and each mailbox."""
    people = [
        {
            "id": str(uuid.uuid5(TENANT, user.upn)),
            "userPrincipalName": user.upn,
            "mail": user.upn,
            "displayName": f"{user.first} {user.last}",
            "timeZone": user.windows_zone,
        }
        for user in USERS
    ]
    tenant = {
        "tenantId": str(TENANT),
        "name": "Harbour Light Marine Supplies",
        "clientId": str(uuid.uuid5(TENANT, f"tandem.{DOMAIN}")),
        "users": people,
    }
    files = {"mailboxes/tenant.json": to_json(tenant)}
    for user_name, contacts in firm.mailboxes.items():
        user = BY_NAME[user_name]
        mailbox = {"contactFolders": _folders(user), "contacts": [_graph_contact(one) for one in contacts]}
        files[f"mailboxes/{user.upn}.json"] = to_json(mailbox)
    return files


def settings_file() -> dict[str, str]:
    """Who is connected, and each setting that differs from its default, under its name in `contacts.rules`."""
    choices: dict[str, dict[str, object]] = {}
    for user in USERS:
        chosen: dict[str, object] = {} if user.only_my_items else {"only_my_items": "no"}
        if user.crm_folders:
            chosen["crm_folders"] = list(user.crm_folders)
        if user.m365_folders:
            chosen["m365_folders"] = list(user.m365_folders)
        if chosen:
            choices[user.user_name] = chosen
    connected = [user.user_name for user in USERS if user.connected]
    return {
        "settings.json": to_json({"connected": connected, "organisation": {"ticked_only": "yes"}, "users": choices})
    }


def to_json(value: object) -> str:
    """Readable JSON: letters of every script as they are, one property a line."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _folders(user: User) -> list[dict[str, str | None]]:
    split = [folder.rpartition("/") for folder in user.mailbox_folders]
    return [{"displayName": name, "parent": parent or None} for parent, _, name in split]


def _graph_contact(contact: OutlookContact) -> dict[str, object]:
    """One contact in Graph's shape: at most 3 addresses and 2 + 2 numbers, notes with Windows line ends."""
    person, style = contact.person, contact.style
    shown = " ".join(filter(None, (person.first, person.last)))
    return {
        "folder": contact.folder or DEFAULT_FOLDER,
        "givenName": person.first or None,
        "surname": person.last or None,
        "displayName": shown,
        "emailAddresses": [{"name": shown, "address": address} for address in person.emails],
        "businessPhones": [typed(number, style) for number in (person.phone, person.other_phone) if number],
        "homePhones": [typed(person.home_phone, style)] if person.home_phone else [],
        "mobilePhone": typed(person.mobile, style) or None,
        "companyName": person.company or None,
        "department": person.department or None,
        "jobTitle": person.title or None,
        "assistantName": person.assistant or None,
        "businessAddress": _graph_address(person.mailing),
        "otherAddress": _graph_address(person.other),
        "birthday": f"{person.birthday}T11:59:00Z" if person.birthday else None,
        "personalNotes": person.notes.replace("\n", "\r\n") or None,
        "categories": list(contact.categories),
    }


def _graph_address(address: Address) -> dict[str, str]:
    street = "\r\n".join(filter(None, (*address.street.split("\n"), address.street2)))
    parts = {
        "street": street,
        "city": address.city,
        "state": address.county,
        "postalCode": address.postcode,
        "countryOrRegion": address.country,
    }
    return {name: value for name, value in parts.items() if value}
