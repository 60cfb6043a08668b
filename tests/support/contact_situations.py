"""Small situations for the contact rules, and what the rules make of each, as plain data that can be recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

from contact_records import (
    ACME,
    AGREED_CARD,
    AGREED_PERSON,
    CHANGED_CRM,
    CHANGED_M365,
    CLIENTS,
    EMPTIED_CRM,
    FOUND,
    FRIENDS,
    HOME,
    PLACE,
    REFORMATTED_CRM,
    ZENITH,
    but,
    person,
)
from memory_world import CONTACTS, compiled
from situations import Book, Outcome, Table, about_settings, told

from crm import fields as crm_fields
from engine.context import Context, Names, SettingValue, fold
from engine.links import NO_AGREEMENT, Base, Link, Space
from engine.records import CRM, M365, Barred, Gone, Record, Reference, State
from engine.sync.decide import decide
from engine.sync.pairs import Pairing
from engine.sync.rules import Rules
from engine.sync.slots import layout
from graph_client import fields as graph_fields

NOW: Final = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

Situation: TypeAlias = "Callable[[ContactTable], Outcome]"


@dataclass(frozen=True)
class ContactTable(Table):
    """The contact rules, asked by the user u1."""

    def context(self, **settings: SettingValue) -> Context:
        names = Names({(side, kind, fold(name)): refs for (side, kind, name), refs in FOUND.items()})
        return Context(NOW, "Europe/London", "u1", {**self.defaults(), **settings}, names)

    def rules(self, **settings: SettingValue) -> Rules:
        context = self.context(**settings)
        space = Space("org", "space", "u1", "Europe/London")
        direction = self.program.direction(context)
        return Rules(self.program, layout(self.program), context, direction, space, "run", HOME)

    def linked(
        self, crm: State | None, m365: State | None, base: Base | None = None, **settings: SettingValue
    ) -> Outcome:
        """A tick over a pair that agreed before."""
        link = Link(id="l", space="space", kind=self.program.name, m365_id="m", crm_id="c", state="linked")
        agreed = self.base_of(AGREED_PERSON, AGREED_CARD) if base is None else base
        return told(decide(self.rules(**settings), Pairing(id="l", link=link, base=agreed, crm=crm, m365=m365)))

    def new_person(self, crm: Record, **settings: SettingValue) -> Outcome:
        return told(decide(self.rules(**settings), Pairing(id="l", crm=crm)))

    def new_card(
        self, m365: Record, people: Sequence[Record] = (), taken: Sequence[str] = (), **settings: SettingValue
    ) -> Outcome:
        """An unknown Outlook contact among these people of the CRM, of whom the first match entry that finds any
        counts."""
        which, candidates = self.recognised(m365, people, self.context(**settings))
        pairing = Pairing(
            id="l", m365=m365, candidates=candidates, taken=frozenset(taken) & {c.id for c in candidates},
        )  # fmt: skip
        return [which or None, told(decide(self.rules(**settings), pairing))]


def _settings() -> dict[str, Situation]:
    org: Mapping[str, SettingValue] = {
        "direction": "to_m365", "only_my_items": False, "ticked_only": True, "crm_folders": ("f1",),
        "m365_folders": ("p1",), "conflict": "newest", "match_on": "email", "first_match": "crm",
    }  # fmt: skip
    user: Mapping[str, SettingValue] = {
        "direction": "to_crm", "only_my_items": True, "ticked_only": False, "crm_folders": ("f2",),
        "m365_folders": ("p2",), "conflict": "m365", "match_on": "none", "first_match": "m365",
    }  # fmt: skip
    return dict(about_settings(org, user))


def _kept_in_step() -> dict[str, Situation]:
    crm, m365 = AGREED_PERSON, AGREED_CARD
    late, later = 5_000_000, 9_000_000
    return {
        "nothing changed": lambda t: t.linked(crm, m365),
        "every field changed in the CRM": lambda t: t.linked(but(crm, CHANGED_CRM), m365),
        "every field changed in Outlook": lambda t: t.linked(crm, but(m365, CHANGED_M365)),
        "every field emptied in the CRM": lambda t: t.linked(but(crm, EMPTIED_CRM), m365),
        "spelt differently in the CRM": lambda t: t.linked(but(crm, REFORMATTED_CRM), m365),
        "moved in Outlook": lambda t: t.linked(crm, but(m365, parentFolder=Reference("p2", "Friends"))),
        "moved in Outlook to a folder that the CRM has not": lambda t: t.linked(
            crm, but(m365, parentFolder=Reference("p3", "New"))
        ),
        "moved in Outlook to the home folder": lambda t: t.linked(crm, but(m365, parentFolder=HOME)),
        "moved in the CRM": lambda t: t.linked(but(crm, folder=(FRIENDS, CLIENTS)), m365),
        "only the second folder changed in the CRM": lambda t: t.linked(but(crm, folder=(CLIENTS,)), m365),
        "moved in the CRM and edited in Outlook": lambda t: t.linked(
            but(crm, folder=(FRIENDS,)), but(m365, jobTitle="Chief")
        ),
        "moved on both sides": lambda t: t.linked(
            but(crm, folder=(FRIENDS,)), but(m365, parentFolder=Reference("p3", "New"))
        ),
        "first e-mail removed in Outlook": lambda t: t.linked(
            crm, but(m365, emailAddresses=(("ann@home.example", None), ("old@acme.example", "Old")))
        ),
        "different fields changed on both sides": lambda t: t.linked(
            but(crm, title="Head"), but(m365, surname="Leigh")
        ),
        **{
            f"conflict: {who}": lambda t, who=who: t.linked(  # type: ignore[misc]
                but(crm, at=late, title="Head", department="Trade"), but(m365, at=later, jobTitle="Chief"), conflict=who
            )
            for who in ("crm", "m365", "newest")
        },
        "conflict: newest, and the CRM is newer": lambda t: t.linked(
            but(crm, at=later, title="Head"), but(m365, at=late, jobTitle="Chief"), conflict="newest"
        ),
        "conflict: newest, at the same time": lambda t: t.linked(
            but(crm, at=late, title="Head"), but(m365, at=late + 500, jobTitle="Chief"), conflict="newest"
        ),
        "conflict: as set by default": lambda t: t.linked(but(crm, title="Head"), but(m365, jobTitle="Chief")),
        "one way to Outlook, changed in Outlook": lambda t: t.linked(
            crm, but(m365, jobTitle="Chief"), direction="to_m365"
        ),
        "one way to the CRM, changed in the CRM": lambda t: t.linked(but(crm, title="Head"), m365, direction="to_crm"),
    }


def _coming() -> dict[str, Situation]:
    crm, m365 = AGREED_PERSON, AGREED_CARD
    return {
        "new in the CRM": lambda t: t.new_person(crm),
        "new in the CRM without a folder": lambda t: t.new_person(but(crm, folder=None)),
        "new in the CRM, an empty one": lambda t: t.new_person(person()),
        "new in the CRM, one way to the CRM": lambda t: t.new_person(crm, direction="to_crm"),
        "new in the CRM, not ticked": lambda t: t.new_person(but(crm, includeinsync=False)),
        "new in the CRM, not ticked, ticked only": lambda t: t.new_person(
            but(crm, includeinsync=False), ticked_only=True
        ),
        "new in the CRM, ticked, ticked only": lambda t: t.new_person(crm, ticked_only=True),
        "new in the CRM, a colleague's": lambda t: t.new_person(but(crm, assigned_user_id="u2")),
        "new in the CRM, a colleague's, all items": lambda t: t.new_person(
            but(crm, assigned_user_id="u2"), only_my_items=False
        ),
        "new in the CRM, second folder chosen": lambda t: t.new_person(crm, crm_folders=("f2",)),
        "new in the CRM, first folder chosen by name": lambda t: t.new_person(crm, crm_folders=("CLIENTS",)),
        "new in the CRM, Outlook folder not chosen": lambda t: t.new_person(crm, m365_folders=("p2",)),
        "new in Outlook": lambda t: t.new_card(m365),
        "new in Outlook, in the home folder": lambda t: t.new_card(but(m365, parentFolder=HOME)),
        "new in Outlook, ticked only": lambda t: t.new_card(m365, ticked_only=True),
        "new in Outlook, one way to Outlook": lambda t: t.new_card(m365, direction="to_m365"),
        "new in Outlook, one way to the CRM": lambda t: t.new_card(m365, direction="to_crm"),
        "new in Outlook, folder not chosen": lambda t: t.new_card(m365, m365_folders=("p2",)),
        "new in Outlook, CRM folder not chosen": lambda t: t.new_card(m365, crm_folders=("f2",)),
        "collections": lambda t: [
            t.program.reads_collection(place, t.context(m365_folders=chosen))
            for place in (PLACE, HOME)
            for chosen in (("p1",), ("none",), ("Contacts",), ())
        ],
    }


def _matching() -> dict[str, Situation]:
    m365 = AGREED_CARD
    by_first = person("a", email="ANN@acme.example", title="Clerk", description="From the CRM.")
    by_second = person("b", email2="old@ACME.example", mobile="07700 900999")
    crossed = person("d", email="ann@home.example")
    by_name = person("e", firstname="ann", lastname="LEE", accountid=Reference("c1", "acme"), department="Trade")
    other_firm = person("f", firstname="Ann", lastname="Lee", accountid=ZENITH)
    other_name = person("g", firstname="Ann", lastname="Leigh", accountid=ACME)
    other_first = person("h", firstname="Anna", lastname="Lee", accountid=ACME)
    theirs = but(by_first, assigned_user_id="u2")
    return {
        "matched by the first e-mail": lambda t: t.new_card(m365, [by_first, by_name]),
        "matched, the CRM's details first": lambda t: t.new_card(m365, [by_first], first_match="crm"),
        "matched, Outlook's details first": lambda t: t.new_card(m365, [by_first], first_match="m365"),
        "matched by the second e-mail": lambda t: t.new_card(m365, [by_second]),
        "matched by an e-mail in another place": lambda t: t.new_card(m365, [crossed]),
        "matched by name": lambda t: t.new_card(m365, [by_name, other_firm, other_name, other_first]),
        "by name, but only the e-mail counts": lambda t: t.new_card(m365, [by_name], match_on="email"),
        "by e-mail, which alone counts": lambda t: t.new_card(m365, [by_second], match_on="email"),
        "nothing is matched": lambda t: t.new_card(m365, [by_first, by_name], match_on="none"),
        "only nearly the same name": lambda t: t.new_card(m365, [other_firm, other_name, other_first]),
        "several match": lambda t: t.new_card(m365, [by_first, by_second]),
        "the match is taken": lambda t: t.new_card(m365, [by_first], ["a"]),
        "matched with a colleague's": lambda t: t.new_card(m365, [theirs]),
        "matched with a colleague's, one way to the CRM": lambda t: t.new_card(m365, [theirs], direction="to_crm"),
        "matched, one side has gaps": lambda t: t.new_card(
            but(m365, jobTitle=None, mobilePhone=None), [but(by_first, department=None)]
        ),
        "matched, and the card lies in the home folder": lambda t: t.new_card(
            but(m365, parentFolder=HOME), [but(by_first, folder=(FRIENDS,))]
        ),
        "matched, and only the card is in a folder": lambda t: t.new_card(m365, [but(by_first, folder=None)]),
        "matched, in two different folders": lambda t: t.new_card(m365, [but(by_first, folder=(FRIENDS, CLIENTS))]),
        "agreed nothing yet": lambda t: t.linked(but(AGREED_PERSON, CHANGED_CRM), m365, NO_AGREEMENT),
    }


def _going() -> dict[str, Situation]:
    crm, m365 = AGREED_PERSON, AGREED_CARD
    gone_crm, gone_m365 = Gone(CRM, "Contact", "c"), Gone(M365, "contact", "m")
    moved = but(crm, folder=(FRIENDS, CLIENTS), title="Head")
    return {
        "may not be read any more": lambda t: t.linked(Barred(CRM, "Contact", "c"), m365),
        "given to a colleague": lambda t: t.linked(but(crm, assigned_user_id="u2"), m365),
        "given to nobody": lambda t: t.linked(but(crm, assigned_user_id=None), m365),
        "given to a colleague, all items": lambda t: t.linked(
            but(crm, assigned_user_id="u2", title="Head"), m365, only_my_items=False
        ),
        "given to a colleague, one way to the CRM": lambda t: t.linked(
            but(crm, assigned_user_id="u2"), but(m365, jobTitle="Chief"), direction="to_crm"
        ),
        "unticked": lambda t: t.linked(but(crm, includeinsync=False, title="Head"), m365),
        "unticked, ticked only": lambda t: t.linked(
            but(crm, includeinsync=False, title="Head"), m365, ticked_only=True
        ),
        "moved to a CRM folder not chosen": lambda t: t.linked(moved, m365, crm_folders=("f1",)),
        "moved to an Outlook folder not chosen": lambda t: t.linked(
            but(crm, title="Head"), but(m365, parentFolder=Reference("p2", "Friends")), m365_folders=("p1",)
        ),
        "deleted in the CRM": lambda t: t.linked(gone_crm, m365),
        "deleted in the CRM, one way to the CRM": lambda t: t.linked(gone_crm, m365, direction="to_crm"),
        "deleted in Outlook": lambda t: t.linked(crm, gone_m365),
        "deleted in Outlook, one way to the CRM": lambda t: t.linked(crm, gone_m365, direction="to_crm"),
        "deleted on both sides": lambda t: t.linked(gone_crm, gone_m365),
    }


BOOK: Final = Book(
    "contacts", CONTACTS, crm_fields.CONTACT, graph_fields.CONTACT, compiled, ContactTable,
    {**_settings(), **_kept_in_step(), **_coming(), **_matching(), **_going()},
)  # fmt: skip
