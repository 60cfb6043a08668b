"""Which lens a rule means: by its name after ``as``, or by the two types where it names none."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Final

from engine.lenses import contact, days, guests, references, text, times
from engine.lenses.base import Bind, Ends, Lens

LENSES: Final[Mapping[str, Bind]] = {
    "account_addresses": guests.account_addresses,
    "company_by_name": references.CompanyByName,
    "connected_user": guests.ConnectedUser,
    "connected_users": guests.connected_users,
    "crm_users": guests.crm_users,
    "day": days.DayLens,
    "first_folder": references.FirstFolder,
    "phone": contact.phone,
    "plain_text": text.plain_text,
    "postal_address": contact.PostalLens,
    "task_list": references.TaskList,
    "zoned_time": times.ZonedTime,
}

_BY_TYPES: Final[tuple[Bind, ...]] = (
    text.text, text.flag, text.integer, text.date, text.instant, text.user, text.ChoiceLens,
)  # fmt: skip


def default(ends: Ends) -> Lens | None:
    """The lens of a line without ``as``; None where these types have none and the rule must name one."""
    if "email" in (ends.crm.name, ends.m365.name):
        email = text.email(ends)
        return email if email.accepts(ends.crm, ends.m365) is None else None
    return _first_that_fits(_BY_TYPES, ends)


def fitting(ends: Ends) -> tuple[str, ...]:
    """Names of all lenses that fit between these types, for hints."""
    return tuple(name for name, bind in LENSES.items() if bind(ends).accepts(ends.crm, ends.m365) is None)


def suggestion(name: str, others: tuple[str, ...] = ()) -> str | None:
    """The lens or translate table that was probably meant; None when nothing is close."""
    close = difflib.get_close_matches(name, [*LENSES, *others], n=1, cutoff=0.6)
    return close[0] if close else None


def _first_that_fits(binds: tuple[Bind, ...], ends: Ends) -> Lens | None:
    made = (bind(ends) for bind in binds)
    return next((lens for lens in made if lens.accepts(ends.crm, ends.m365) is None), None)
