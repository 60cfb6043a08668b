"""The second act: what people change on both sides after the first sync, with a sentence each for the narration."""

from typing import TypeAlias

from firm.cases import long_note
from firm.records import Firm
from firm.staff import BY_NAME

Edit: TypeAlias = dict[str, object]


class Script:
    """Collects edits; people are named in the text and found by their main e-mail."""

    def __init__(self, firm: Firm) -> None:
        self._people = {f"{entry.person.first} {entry.person.last}": entry.person for entry in firm.contacts}
        self.edits: list[Edit] = []

    def email(self, name: str) -> str:
        return self._people[name].emails[0]

    def mobile(self, name: str) -> str:
        return self._people[name].mobile

    def outlook(self, user_name: str, name: str, say: str, change: Edit | None) -> None:
        """An edit in a mailbox, or a deletion where `change` is None."""
        act: Edit = {"delete": True} if change is None else {"change": change}
        find = {"emailAddress": self.email(name)}
        self.edits.append({"say": say, "side": "m365", "mailbox": BY_NAME[user_name].upn, "find": find, **act})

    def crm(self, name: str, say: str, change: Edit | None) -> None:
        """An edit in the CRM, or a deletion where `change` is None."""
        act: Edit = {"delete": True} if change is None else {"change": change}
        self.edits.append({"say": say, "side": "crm", "find": {"email": self.email(name)}, **act})


def second_act(firm: Firm) -> list[Edit]:
    """Every edit, in the order in which the story is told."""
    script = Script(firm)
    _both_sides(script)
    _gone_and_new(script)
    _rights_and_owners(script)
    _small_hours(script)
    return script.edits


def _both_sides(script: Script) -> None:
    script.outlook(
        "callum.reid",
        "Morwenna Tregear",
        "Callum types Morwenna's new mobile number into Outlook …",
        {"mobilePhone": "07700 900982"},
    )
    script.crm(
        "Morwenna Tregear",
        "… while the office promotes her in the CRM. Different fields: both edits survive.",
        {"title": "Managing Director", "department": "Board"},
    )
    script.outlook(
        "callum.reid",
        "Angus Birrell",
        "Callum changes Angus's mobile number in Outlook …",
        {"mobilePhone": "07700 900984"},
    )
    script.crm(
        "Angus Birrell",
        "… and the office writes another one into the CRM. Same field: the conflict rule decides, here for the CRM.",
        {"mobile": "07700 900985"},
    )


def _gone_and_new(script: Script) -> None:
    script.crm("Philippa Nettlefold", "Philippa is deleted in the CRM, so she leaves Priya's Outlook too.", None)
    script.outlook(
        "priya.nair",
        "Desmond Achebe",
        "Priya deletes Desmond in Outlook. The CRM keeps him, and he comes back to Outlook.",
        None,
    )
    script.edits.append(
        {
            "say": "Tom meets Ingrid at the boat show and adds her in Outlook: a new CRM contact, assigned to Tom.",
            "side": "m365",
            "mailbox": BY_NAME["tom.okafor"].upn,
            "create": {
                "folder": "Boat Show",
                "givenName": "Ingrid",
                "surname": "Halvorsen",
                "displayName": "Ingrid Halvorsen",
                "jobTitle": "Kaptein ⛴",
                "emailAddresses": [{"name": "Ingrid Halvorsen", "address": "ingrid.halvorsen@fjordlinjen.example"}],
                "mobilePhone": "07700 900986",
            },
        }
    )
    script.edits.append(
        {
            "say": "The office enters Ravi for Helen in the CRM: he appears in her Outlook.",
            "side": "crm",
            "create": {
                "firstname": "Ravi",
                "lastname": "Sundaram",
                "title": "Fleet Superintendent",
                "email": "ravi.sundaram@spindriftline.example",
                "phone": "+44 (0)20 7946 0155 ext. 7",
                "folder": "Clients",
                "includeinsync": "yes",
                "assigned_user_id": "helen.marlowe",
            },
        }
    )


def _rights_and_owners(script: Script) -> None:
    script.crm(
        "Moira Kilbride",
        "Moira is reassigned from Callum to Priya: she leaves his Outlook and appears in hers.",
        {"assigned_user_id": "priya.nair"},
    )
    script.outlook(
        "grace.lindqvist",
        "Torquil Baird",
        "Grace may read Torquil in the CRM but not edit him: her new job title for him is refused and shown.",
        {"jobTitle": "Chief of Everything"},
    )
    script.crm(
        "Lettice Marchbanks",
        "Somebody unticks 'Include in Sync' for Lettice: both sides keep her, and nothing travels any more …",
        {"includeinsync": "no"},
    )
    script.outlook(
        "grace.lindqvist",
        "Lettice Marchbanks",
        "… so this change of Grace's stays in Outlook.",
        {"jobTitle": "Retired"},
    )


def _small_hours(script: Script) -> None:
    script.outlook(
        "tom.okafor",
        "Blodwen Tudor",
        "Tom only retypes Blodwen's mobile number with brackets: the same number, so nothing travels.",
        {"mobilePhone": retyped(script, "Blodwen Tudor")},
    )
    script.outlook(
        "tom.okafor",
        "Jago Penrose",
        "Tom pastes almost 5,000 characters of minutes into Jago's notes; they arrive whole.",
        {"personalNotes": long_note()},
    )
    script.outlook(
        "helen.marlowe",
        "Constance Ibbotson",
        "Helen clears Constance's job title in Outlook: empty is an edit too.",
        {"jobTitle": None},
    )
    script.crm(
        "Hector Dalgleish",
        "Hector moves, and the CRM gets his new address: street, town and postcode go to Outlook as one.",
        {
            "mailingstreet": "The Old Net Store",
            "mailingstreet2": "4 Kelpwharf",
            "mailingcity": "Whitby",
            "mailingstate": "North Yorkshire",
            "mailingzip": "YO22 4CO",
        },
    )


def retyped(script: Script, name: str) -> str:
    """The person's mobile number in a form that neither side holds yet."""
    number = script.mobile(name)
    return f"+44 (0) {number[1:5]} {number[6:9]} {number[9:]}"
