"""The sections of a rule file: what their headings say, which grammar rule reads their entries, how an entry reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class Form(Struct, frozen=True):
    """``rule`` is a start rule of the grammar, ``reads`` an example of an entry in plain words."""

    rule: str
    reads: str


_WINNER = "crm wins: when condition   (or m365 wins, newest wins; always in place of when)"

HEADINGS: Final[Mapping[str, Form]] = {
    "language": Form("h_language", "language 1"),
    "sync": Form("h_sync", "sync name: crm.Kind <-> m365.kind"),
    "translate": Form("h_translate", "translate name: crm.Kind.field <-> m365.kind.field"),
}

SECTIONS: Final[Mapping[str, Form]] = {
    "settings": Form("e_settings", "name   one | other   default one   set by org, user"),
    "define": Form("e_define", "name   condition   (or: name   condition when condition, else condition)"),
    "direction": Form("e_direction", "follow setting.name"),
    "scope": Form("e_scope", 'crm needs condition else "reason" when condition'),
    "leaving scope": Form("e_leaving", '"reason": what to do'),
    "window": Form("e_window", "crm.field from 2 months before now to 1 year after now   (or: outside: leave alone)"),
    "skip to crm": Form("e_skip", 'condition "reason"'),
    "skip to m365": Form("e_skip", 'condition "reason"'),
    "fetch": Form("e_fetch", "m365.part only when condition"),
    "match on first sync": Form(
        "e_match", "by name: condition ignoring case when condition   (or: if several: report)"
    ),
    "copies": Form("e_copies", "same record: m365.field   (or: read from: the copy where condition)"),
    "translate": Form("e_translate", '"CRM value" <-> "Microsoft 365 value"'),
    "map": Form("e_map", "crm_field <-> m365_field   as lens   on create   when condition"),
    "series": Form("e_series", "what happened: what to do"),
    "first agreement": Form("e_winners", _WINNER),
    "changes": Form("e_changes", "deleted in crm: delete in m365 when condition"),
    "conflict per field": Form("e_winners", _WINNER),
    "conflict per record": Form("e_winners", _WINNER),
}

WITH_ARROWS: Final = ("h_sync", "h_translate", "e_translate", "e_map")
"""Start rules whose text holds an arrow."""
