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
        "T903", "The section fetch", "It says when a part of a record is worth a request of its own.",
        "fetch\n  m365.remarks   only when recent\n\nmap\n", "map\n",
    ),
    _later(
        "T904", "The section skip", "It leaves a direction out for some records.",
        'skip to crm\n  m365.seen before 2 weeks before now   "seen long ago"\n\nmap\n', "map\n",
    ),
    _later(
        "T905", "sticky", "A sticky value travels when it is set and stays when it is cleared.",
        _NICK + '        sticky "x"\n', _NICK + "\n",
    ),
    _later(
        "T906", "keep others", "It leaves elements of a list alone that the lens can't translate.",
        _NICK + "        keep others\n", _NICK + "\n",
    ),
    _later(
        "T907", "always on a map line", "It writes whenever the two sides differ, whichever of them changed.",
        _NICK + "        always\n", _NICK + "\n",
    ),
    _later(
        "T908", "at", "It puts a time of day to a date.",
        _NICK + "        at setting.winner\n", _NICK + "\n",
    ),
    _later(
        "T909", "with", "It adds a second field to a list.",
        _NICK + "        with tag\n", _NICK + "\n",
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
        "T913", "changed since last sync", "It asks whether a side was changed since the last sync.",
        "  mine     crm changed since last sync", "  mine     crm.owner is user",
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
