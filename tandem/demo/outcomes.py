"""What became of the second act, read from both sides after it was carried out; nothing is taken for granted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crm.fields import CONTACT_KIND
from crm.kinds import CONTACTS
from engine.errors import UserError
from engine.records import Value
from tandem.crmedits import contains
from tandem.demo.microsoft import Microsoft
from tandem.demo.second import card
from tandem.installation import Installation
from tandem.planview import PlanView
from tandem.shown import plain

_HOST: Final = "harbourlight.example"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``told`` is what must be ``true`` now; ``places`` are the rule lines that the plan gave for it."""

    told: str
    true: bool
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Witness:
    """Looks at both sides, and remembers the plan."""

    installation: Installation
    microsoft: Microsoft
    plans: Sequence[PlanView]

    def crm(self, email: str) -> dict[str, Value]:
        """The fields of the CRM contact with this main address; ``{}`` when it is gone."""
        found = [one for one in self.installation.store.records(CONTACT_KIND) if contains(CONTACTS, one, email)]
        return next((dict(one.values) for one in found if one.values.get("email") == email), {})

    def outlook(self, user: str, email: str) -> dict[str, Any]:
        return card(self.microsoft, f"{user}@{_HOST}", email)

    def places(self, title: str, *paths: str) -> tuple[str, ...]:
        """The rule lines that the plan named for a record: of the given fields, else of the record as a whole."""
        actions = [action for plan in self.plans for action in plan.actions if action.title == title]
        fields = [field.place for action in actions for field in action.fields if field.path in paths]
        notes = [note.place for plan in self.plans for note in plan.held if note.title == title]
        whole = [action.place for action in actions if action.reason]
        return tuple(dict.fromkeys(fields if paths else notes or whole))


def outcomes(witness: Witness) -> Iterator[Outcome]:
    """One for each kind of thing that happened."""
    yield from _merges(witness)
    yield from _departures(witness)
    yield from _refusals(witness)


def _merges(witness: Witness) -> Iterator[Outcome]:
    email, title = "morwenna.tregear@fairleadsailmakers.example", "Morwenna Tregear"
    crm, outlook = witness.crm(email), witness.outlook("callum.reid", email)
    yield Outcome(
        f"both edits of Morwenna survive: mobile {plain(crm.get('mobile'))} reached the CRM, "
        f"{outlook.get('jobTitle')} reached Outlook",
        crm.get("mobile") == "07700 900982" and outlook.get("jobTitle") == crm.get("title") == "Managing Director",
        witness.places(title, "mobile", "jobTitle"),
    )
    email, title = "angus.birrell@fairleadsailmakers.example", "Angus Birrell"
    crm, outlook = witness.crm(email), witness.outlook("callum.reid", email)
    yield Outcome(
        f"Angus's number was changed on both sides: the CRM's {plain(crm.get('mobile'))} stands on both",
        crm.get("mobile") == outlook.get("mobilePhone") == "07700 900985",
        witness.places(title, "mobilePhone"),
    )
    notes = witness.crm("jago.penrose@dunlintugs.example").get("description")
    yield Outcome(
        f"Jago's minutes are in the CRM, all {len(plain(notes)):,} characters",
        len(plain(notes)) > 4_800,
        witness.places("Jago Penrose", "description"),
    )


def _departures(witness: Witness) -> Iterator[Outcome]:
    email = "philippa.nettlefold@halyardsailmakers.example"
    yield Outcome(
        "Philippa, deleted in the CRM, has left Priya's Outlook",
        not witness.crm(email) and not witness.outlook("priya.nair", email),
        witness.places("Philippa Nettlefold"),
    )
    email = "desmond.achebe@halyardsailmakers.example"
    yield Outcome(
        "Desmond, deleted in Outlook, is there again, from the CRM",
        bool(witness.crm(email) and witness.outlook("priya.nair", email)),
        witness.places("Desmond Achebe"),
    )
    email = "moira.kilbride@fairleadsailmakers.example"
    yield Outcome(
        "Moira, reassigned, has left Callum's Outlook and is in Priya's",
        not witness.outlook("callum.reid", email) and bool(witness.outlook("priya.nair", email)),
        witness.places("Moira Kilbride"),
    )


def _refusals(witness: Witness) -> Iterator[Outcome]:
    email, title = "torquil.baird@capstantugs.example", "Torquil Baird"
    crm, outlook = witness.crm(email), witness.outlook("grace.lindqvist", email)
    held = [note.reason for plan in witness.plans for note in plan.held if note.title == title]
    yield Outcome(
        f"Torquil stays {plain(crm.get('title'))} in the CRM; Grace's edit is held: {', '.join(held)}",
        crm.get("title") == "Buyer" and outlook.get("jobTitle") == "Chief of Everything" and bool(held),
        witness.places(title),
    )
    email = "lettice.marchbanks@halyardharbourauthority.example"
    crm, outlook = witness.crm(email), witness.outlook("grace.lindqvist", email)
    left = [group.place for plan in witness.plans for group in plan.left if group.reason == "not ticked"]
    yield Outcome(
        f"Lettice, no longer ticked, is {outlook.get('jobTitle')} in Outlook and {plain(crm.get('title'))} in the CRM",
        outlook.get("jobTitle") == "Retired" and crm.get("title") == "Buyer" and bool(left),
        tuple(dict.fromkeys(left)),
    )
    number = witness.crm("blodwen.tudor@dunlintugs.example").get("mobile")
    retyped = witness.outlook("tom.okafor", "blodwen.tudor@dunlintugs.example").get("mobilePhone")
    yield Outcome(
        f"Blodwen's number stays as each side types it: {plain(number)} and {retyped}",
        bool(number) and number != retyped and not witness.places("Blodwen Tudor", "mobile", "mobilePhone"),
        (),
    )


def told(outcome: Outcome) -> str:
    """The line about it. Raises UserError when it did not come true."""
    if not outcome.true:
        raise UserError(f"The demo expected that {outcome.told}; it is not so. That is a fault in Tandem.")
    file = outcome.places[0].partition(":")[0] if outcome.places else ""
    lines = ", ".join(place.partition(":")[2] for place in outcome.places)
    return f"✓ {outcome.told}" + (f"  ({file}:{lines})" if lines else "")
