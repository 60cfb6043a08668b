"""T900 to T999: lawful words whose behaviour is not built yet. Nothing is read and then ignored."""

from __future__ import annotations

from engine.language.catalogue.code import Code

_NICK = "  nick     <->  pseudonym"


def _later(code: str, title: str, meaning: str, wrong: str, right: str) -> Code:
    return Code(code, f"{title}: not built yet", f"{meaning} The words are lawful; this Tandem can't act on them.",
                wrong, right)  # fmt: skip


CODES: tuple[Code, ...] = (
    _later(
        "T901", "The section copies", "It says which of several copies of one meeting leads.",
        "copies\n  same record:   m365.stamp\n\nmap\n", "map\n",
    ),
    _later(
        "T902", "The section series", "It says what becomes of the occurrences of a series.",
        "series\n  changed occurrence:   change that activity\n\nmap\n", "map\n",
    ),
    _later(
        "T905", "sticky", "A sticky value travels when it is set and stays when it is cleared.",
        _NICK + '        sticky "x"\n', _NICK + "\n",
    ),
    _later(
        "T910", "else user", "It names the user where the lens finds nobody.",
        "  owner    <-   user             else user, on create", "  owner    <-   user             on create",
    ),
    _later(
        "T911", "Cancelled meetings", "A cancelled meeting is told apart from a deleted one.",
        "  cancelled in m365:   stop syncing\n  deleted in crm:", "  deleted in crm:",
    ),
    _later(
        "T912", "is connected", "It asks whether a person's account is connected.",
        "  mine     crm.owner is connected", "  mine     crm.owner is user",
    ),
    _later(
        "T914", "This lens", "It belongs to a kind of record that is not synced yet.",
        _NICK + "        as plain_text\n", _NICK + "\n",
    ),
    _later(
        "T915", "Moving records", "A field that says where a record lives is set when the record is made; a later "
        "change would be a move.",
        "  boxes    <->  box              as first_folder",
        "  boxes     ->  box              as first_folder   on create",
    ),
)  # fmt: skip
