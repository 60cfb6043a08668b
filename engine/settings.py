"""Which value of a declared setting counts: organisation, user, default; directions narrow each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.context import SettingValue
from engine.language.program import SettingSpec

_DIRECTIONS = {"both": (True, True), "to_m365": (True, False), "to_crm": (False, True), "off": (False, False)}


def effective(
    specs: Sequence[SettingSpec],
    org: Mapping[str, SettingValue],
    user: Mapping[str, SettingValue],
    users_may_edit: bool,
) -> dict[str, SettingValue]:
    """The value of every declared setting for one user.

    The user's value counts where the rule says ``set by user`` and, for settings the organisation sets too, the
    organisation lets users edit. ``narrowest wins`` intersects: to_m365 with to_crm is off.
    """
    return {spec.name: _one(spec, org, user, users_may_edit) for spec in specs}


def _one(
    spec: SettingSpec,
    org: Mapping[str, SettingValue],
    user: Mapping[str, SettingValue],
    users_may_edit: bool,
) -> SettingValue:
    of_org = org.get(spec.name, spec.default) if "org" in spec.set_by else spec.default
    may = "user" in spec.set_by and (users_may_edit or "org" not in spec.set_by)
    if not may or spec.name not in user:
        return of_org
    return narrowest(of_org, user[spec.name]) if spec.narrowest_wins else user[spec.name]


def narrowest(one: SettingValue, other: SettingValue) -> SettingValue:
    """The intersection of two directions; equal values of any other kind stay, different ones are the first."""
    if not (isinstance(one, str) and isinstance(other, str) and one in _DIRECTIONS and other in _DIRECTIONS):
        return one
    wanted = tuple(a and b for a, b in zip(_DIRECTIONS[one], _DIRECTIONS[other], strict=True))
    return next(name for name, ways in _DIRECTIONS.items() if ways == wanted)
