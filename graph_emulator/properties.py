"""What a contact may hold and what the service makes of it: types, caps, replaced addresses, birthdays, names."""

import re

from graph_emulator.messages import GraphError, Properties

NAMES = ("title", "givenName", "middleName", "surname", "generation")
TEXTS = (
    *NAMES,
    *("displayName", "fileAs", "initials", "nickName", "yomiGivenName", "yomiSurname", "yomiCompanyName"),
    *("companyName", "department", "jobTitle", "profession", "officeLocation", "manager", "assistantName"),
    *("businessHomePage", "mobilePhone", "personalNotes", "spouseName"),
)
LISTS = ("categories", "businessPhones", "homePhones", "children", "imAddresses")
ADDRESSES = ("businessAddress", "homeAddress", "otherAddress")
ADDRESS_PARTS = ("street", "city", "state", "postalCode", "countryOrRegion")
SLOTS = ("primaryEmailAddress", "secondaryEmailAddress", "tertiaryEmailAddress")
CAPS = {"emailAddresses": 3, "businessPhones": 2, "homePhones": 2}
READ_ONLY = ("id", "changeKey", "createdDateTime", "lastModifiedDateTime", "parentFolderId")
EXTENDED = "singleValueExtendedProperties"

_EXTENDED_ID = re.compile(
    r"(String|Integer|Boolean|Double|Long|Short|SystemTime)\s+"
    r"\{([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\}\s+(Name\s+\S.*|Id\s+0x[0-9A-Fa-f]+)"
)
_DATE = re.compile(
    r"(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?"
)


def empty_contact() -> Properties:
    """All properties of a contact with nothing filled in."""
    contact: Properties = dict.fromkeys((*TEXTS, "birthday"))
    contact.update({name: [] for name in (*LISTS, "emailAddresses")})
    contact.update({name: {} for name in ADDRESSES})
    return contact


def refused(name: str, why: str) -> GraphError:
    """The refusal of a property's value."""
    return GraphError(400, "ErrorPropertyValidationFailure", f"The property '{name}' {why}.")


def normalise(body: Properties) -> Properties:
    """The contact properties of a request body as they will be stored; GraphError 400 for what a contact can't hold.

    Read-only members and annotations are dropped without complaint, as a PATCH of `parentFolderId` is.
    """
    stored: Properties = {}
    for name, value in body.items():
        if name in TEXTS:
            stored[name] = _text(name, value)
        elif name == "emailAddresses":
            stored[name] = _emails(value)
        elif name in LISTS:
            stored[name] = _list(name, value)
        elif name in ADDRESSES:
            stored[name] = _address(name, value)
        elif name == "birthday":
            stored[name] = birthday(value)
        elif name in SLOTS:
            raise refused(name, "can't be written here; write 'emailAddresses'")
        elif name not in READ_ONLY and name != EXTENDED and "@odata." not in name:
            raise GraphError(400, "RequestBodyRead", f"The property '{name}' does not exist on type 'contact'.")
    return stored


def extended_changes(body: Properties) -> dict[str, str | None]:
    """Extended properties of a body: canonical id → value, None to remove it."""
    rows = body.get(EXTENDED) or []
    if not isinstance(rows, list):
        raise refused(EXTENDED, "has to be a collection")
    changes: dict[str, str | None] = {}
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("id"), str):
            raise refused(EXTENDED, "needs an id and a value in each row")
        value = row.get("value")
        if value is not None and not isinstance(value, str):
            raise refused(EXTENDED, "takes text values")
        changes[extended_id(row["id"])] = value
    return changes


def extended_id(text: str) -> str:
    """`String {guid} Name Foo` with the GUID in lower case; the name keeps its case, because it counts."""
    found = _EXTENDED_ID.fullmatch(text.strip())
    if not found:
        raise GraphError(
            400, "ErrorInvalidParameter", "The extended property id is not of the form 'Type {guid} Name name'."
        )
    kind, namespace, name = found.groups()
    return f"{kind} {{{namespace.lower()}}} {' '.join(name.split(None, 1))}"


def named(before: Properties, changes: Properties) -> Properties:
    """The changes, with `displayName` (and `fileAs` of a new contact) made from the names where they were not sent."""
    if "displayName" in changes or not any(name in changes for name in NAMES):
        return changes
    after = {**before, **changes}
    regenerated = " ".join(str(after[name]) for name in NAMES if after.get(name))
    return {**changes, "displayName": regenerated or None}


def filed(properties: Properties) -> Properties:
    """A new contact's properties with `fileAs` made from the names, "Surname, Given", where it was not sent."""
    if properties.get("fileAs"):
        return properties
    parts = [str(properties[name]) for name in ("surname", "givenName") if properties.get(name)]
    return {**properties, "fileAs": ", ".join(parts) or properties.get("displayName")}


def birthday(value: object) -> str | None:
    """A date, or the date part of an instant, at 11:59 UTC, which is the same day in every zone."""
    if value is None or value == "":
        return None
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise refused("birthday", "is not a date")
    return f"{found.group(1)}T11:59:00Z"


def _text(name: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise refused(name, "has to be text")
    return value or None


def _list(name: str, value: object) -> list[str]:
    if not isinstance(value, list | None) or any(not isinstance(part, str) for part in value or []):
        raise refused(name, "has to be a collection of texts")
    _cap(name, value or [])
    return list(value or [])


def _emails(value: object) -> list[dict[str, str]]:
    if not isinstance(value, list | None):
        raise refused("emailAddresses", "has to be a collection")
    stored = []
    for row in value or []:
        if not isinstance(row, dict) or not isinstance(row.get("address"), str):
            raise refused("emailAddresses", "needs an address in each row")
        stored.append({"name": str(row.get("name") or row["address"]), "address": row["address"]})
    _cap("emailAddresses", stored)
    return stored


def _cap(name: str, values: list[str] | list[dict[str, str]]) -> None:
    if len(values) > CAPS.get(name, len(values)):
        raise refused(name, f"can't hold more than {CAPS[name]} values")


def _address(name: str, value: object) -> dict[str, str]:
    if not isinstance(value, dict | None):
        raise refused(name, "has to be an address object")
    stored = {}
    for part, text in (value or {}).items():
        if part not in ADDRESS_PARTS or not isinstance(text, str | None):
            raise refused(name, f"has no text member '{part}'")
        if text:
            stored[part] = text
    return stored
