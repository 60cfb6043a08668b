"""Edits of CRM contacts as people type them: ``mobile=020 …``, by field name or label, with a user's own rights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crm.csvfiles import split_names
from crm.fields import BY_NAME, CONTACT, CONTACT_COLUMNS
from crm.people import User
from crm.store import CrmStore
from crm.system import CrmSystem
from crm.values import Draft, Stored, Unfit, stored
from engine.context import fold
from engine.errors import UserError
from engine.language.suggestions import did_you_mean
from engine.links import Space
from engine.records import Barred, Record, Reference
from engine.schema import FLAG

_REFERENCES: Mapping[str, str] = {
    "accountid": "Organisation Name", "folder": "Folder", "assigned_user_id": "Assigned To"
}  # fmt: skip
_FLAGS: Mapping[str, bool] = {"yes": True, "true": True, "no": False, "false": False, "": False}


def draft(store: CrmStore, pairs: Sequence[str]) -> Draft:
    """What ``field=value`` pairs stand for; an empty value empties the field. Raises UserError."""
    labels = {fold(column.label): column.name for column in CONTACT_COLUMNS}
    labels |= {fold(label): name for name, label in _REFERENCES.items()}
    made = Draft()
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UserError(f"{name} has no value.", "Write field=value, for example mobile='020 7946 0001'.")
        field = name if name in BY_NAME or name in _REFERENCES else labels.get(fold(name))
        if field is None:
            known = [*BY_NAME, *_REFERENCES]
            raise UserError(
                f"A contact has no field {name}.", did_you_mean(name, known) or f"Fields: {', '.join(known)}."
            )
        _take(store, made, field, value)
    return made


def _take(store: CrmStore, made: Draft, field: str, value: str) -> None:
    if field == "accountid":
        made.companies = (Reference(None, value),) if value.strip() else ()
    elif field == "folder":
        made.folders = tuple(Reference(None, name) for name in split_names(value))
    elif field == "assigned_user_id":
        made.columns["owner_id"] = _owner(store, value) if value else None
    else:
        made.columns[field] = _column(field, value)


def _column(field: str, value: str) -> Stored:
    column = BY_NAME[field]
    if column.type is FLAG:
        if value.lower() not in _FLAGS:
            raise UserError(f"{column.label} must be yes or no.")
        return _FLAGS[value.lower()]
    try:
        return stored(column, value)
    except Unfit as problem:
        raise UserError(f"{problem.reason}.") from None


def _owner(store: CrmStore, name: str) -> str:
    found = store.user(name)
    if found is None:
        known = [user.user_name for user in store.users()]
        raise UserError(f"The CRM has no user {name}.", did_you_mean(name, known) or "`tandem user list` shows all.")
    return found.id


def find_contact(store: CrmStore, wanted: str) -> Record:
    """The contact with this id, e-mail address or full name. Raises UserError when none or several fit."""
    by_id = store.contact(wanted)
    if by_id is not None:
        return by_id
    found = [record for record in store.contacts() if fold(wanted) in _called(record)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(record.id for record in found[:10])
        raise UserError(f"{len(found)} contacts fit.", f"Name one by its id: {ids}.")
    raise UserError("The CRM has no such contact.", "Give its id, e-mail address or full name; see `tandem crm list`.")


def _called(record: Record) -> set[str]:
    values = record.values
    full = f"{values.get('firstname') or ''} {values.get('lastname') or ''}"
    return {fold(text) for text in (full, values.get("email"), values.get("email2")) if isinstance(text, str)} - {""}


def contains(record: Record, text: str) -> bool:
    """Whether name, company or an address of the contact has this text in it, in any case."""
    values = record.values
    company = values.get("accountid")
    told = [values.get("firstname"), values.get("lastname"), values.get("email"), values.get("email2")]
    told.append(company.name if isinstance(company, Reference) else None)
    return fold(text) in fold(" ".join(str(one) for one in told if one))


def require_right(crm: CrmSystem, org: str, user: User, record: Record) -> None:
    """Raises UserError unless the user may edit the contact."""
    reader = crm.reader(Space(org, "", user.id, user.zone))
    for state in reader.read(CONTACT.kind, [record.id]):
        if isinstance(state, Barred):
            raise UserError(f"{user.user_name} may not see this contact.", "Share it with the user first.")
        if isinstance(state, Record) and not state.editable:
            raise UserError(f"{user.user_name} may read this contact, but not edit it.", "Edit it as another user.")
