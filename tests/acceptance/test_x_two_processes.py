"""Two processes at once over the same person: it ends as if one had waited for the other."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from diary import NOBODY, OUTSIDE, Diary, at, guests
from evidence import writes
from installed import Installed, founded, upn
from standing import Standing

from graph_emulator.control_client import ControlClient
from graph_emulator.server import Emulator

PAIR = ("anna", "ben")
EDITS = 10


def shares_all(installed: Installed) -> None:
    """Anna and Ben, of one team, each have all contacts of both in their Outlook."""
    for user in PAIR:
        installed.settings(user, only_my_items="no")


def meets(installed: Installed, seed: int) -> None:
    """The next tick of each stops inside Microsoft 365 until the other is there; which goes on first, who is slower
    after that and by how much follow from the seed."""
    chance = random.Random(seed)
    installed.control.reset("faults", "barriers")
    installed.control.hold("POST", "batch", count=2, seed=seed)
    delay = {"kind": "delay", "seconds": chance.uniform(0, 0.03)}
    installed.control.add_rule(delay, path="batch", mailbox=upn(chance.choice(PAIR)), count=0)


def race(installed: Installed, processes: dict[str, Standing], seed: int) -> None:
    meets(installed, seed)
    for user, process in processes.items():
        process.begin("sync", "--user", user)
    for user, process in processes.items():
        ran = process.end()
        assert ran.code == 0, (seed, user, ran)
    (barrier,) = installed.control.faults()["barriers"]
    assert barrier["released"] and not barrier["timedOut"], seed


def new_person(installed: Installed, number: int) -> None:
    """Somebody whom both just met: known by the address, or by name and company, with another title each."""
    for user in PAIR:
        card: dict[str, Any] = {"givenName": "Ada", "surname": f"Person {number}", "jobTitle": f"as {user} says"}
        card |= {"email": f"p{number}@x.example"} if number % 3 else {"companyName": f"Firm {number}"}
        installed.card(user, **card)


def overwritten(installed: Installed, crm_id: str, m365_ids: list[str], path: str) -> set[Any]:
    """What the audit says stood before in a field of this person, on any side."""
    found = set()
    for record in (crm_id, *m365_ids):
        for write in installed.tandem("history", record, "--json").json()["writes"]:
            found |= {one["before"] for one in write["changes"] if one["path"] == path and write["state"] == "done"}
    return found - {None}


def same_everywhere(installed: Installed, surnames: list[str], allowed: Callable[[str], bool]) -> None:
    """Each person is once in the CRM and once in each mailbox, with one title, and the other title is in the audit."""
    people = {values["lastname"]: (id, values["title"]) for id, values in installed.people().items()}
    assert sorted(values["lastname"] for values in installed.people().values()) == sorted(surnames)
    cards = {user: {card["surname"]: card for card in installed.cards(user)} for user in PAIR}
    for user in PAIR:
        assert sorted(card["surname"] for card in installed.cards(user)) == sorted(surnames)
    for surname in surnames:
        crm_id, title = people[surname]
        assert allowed(title), (surname, title)
        both = [cards[user][surname] for user in PAIR]
        assert [card["jobTitle"] for card in both] == [title, title], surname
    for surname in surnames[:: max(1, len(surnames) // 10)]:
        crm_id, title = people[surname]
        lost = overwritten(installed, crm_id, [cards[user][surname]["id"] for user in PAIR], "jobTitle")
        lost |= overwritten(installed, crm_id, [], "title")
        assert any(allowed(one) for one in lost - {title}), (surname, title, lost)


def races(installed: Installed, seeds: range) -> None:
    """A new person per seed, met by both processes at once; afterwards everything is in order."""
    shares_all(installed)
    with Standing(installed.folder) as one, Standing(installed.folder) as two:
        for seed in seeds:
            new_person(installed, seed)
            race(installed, {"anna": one, "ben": two}, seed)
    installed.control.reset("faults", "barriers")
    installed.sync()
    installed.sync()
    names = [f"Person {seed}" for seed in seeds]
    same_everywhere(installed, names, lambda title: title in {"as anna says", "as ben says"})
    owners = {values["assigned_user_id"] for values in installed.people().values()}
    assert owners == set(PAIR), "now the one was first, now the other"
    assert installed.tandem("held").out == "Nothing is held.\n"


def test_X17_a_hundred_new_people_met_by_two_processes_at_once(installation: Installed) -> None:
    """Both processes are let go by a barrier inside Microsoft 365: one CRM contact each time, and whatever one of them
    had written and the other replaced is in the audit."""
    races(installation, range(100))


def test_X17_new_people_met_at_once_on_postgresql(
    emulator: Emulator, control: ControlClient, postgres_database: str, tmp_path: Path
) -> None:
    """The same where two processes do write at the same time, not one after the other as SQLite makes them."""
    installed = founded(tmp_path / "installation", emulator, control, PAIR, postgres_database)
    races(installed, range(100, 120))
    installed.second_plan_is_empty()


def test_X17_one_person_edited_by_two_users_at_once(installation: Installed) -> None:
    """Both edits meet the same CRM record: one of them counts on all three sides, the other is in the audit."""
    shares_all(installation)
    names = [f"Shared {seed}" for seed in range(EDITS)]
    for name in names:
        installation.person("anna", firstname="Ada", lastname=name)
    installation.sync()
    with Standing(installation.folder) as one, Standing(installation.folder) as two:
        for seed, name in enumerate(names):
            for user in PAIR:
                installation.edit_card(user, installation.card_of(user, name)["id"], jobTitle=f"as {user} says")
            race(installation, {"anna": one, "ben": two}, seed)
    installation.control.reset("faults", "barriers")
    installation.sync()
    installation.sync()
    same_everywhere(installation, names, lambda title: title in {"as anna says", "as ben says"})


def test_X17_an_outsiders_meeting_met_by_two_processes_at_once(installation: Installed, diary: Diary) -> None:
    """Its copies arrive in two mailboxes: one activity with both users, whoever is first, and nobody is mailed."""
    names = [f"Meeting {seed}" for seed in range(EDITS)]
    before = diary.numbered()
    with Standing(installation.folder) as one, Standing(installation.folder) as two:
        for seed, name in enumerate(names):
            for user in PAIR:
                coming: dict[str, object] = {"subject": name, "iCalUId": f"theirs-{seed}", "attendees": guests(*PAIR)}
                coming |= {"organizer": {"emailAddress": {"address": OUTSIDE}}}
                coming |= {"start": at(3 + seed), "end": at(3 + seed, "13:00")}
                diary.calendar.receive(upn(user), coming)
            race(installation, {"anna": one, "ben": two}, seed)
    installation.control.reset("faults", "barriers")
    installation.sync()
    installation.sync()
    activities = list(diary.activities().values())
    assert sorted(values["subject"] for values in activities) == sorted(names)
    assert {tuple(sorted(values["users"])) for values in activities} == {PAIR}
    assert {values["assigned_user_id"] for values in activities} == set(PAIR), "now the one was first, now the other"
    assert diary.to(before) == [] and installation.plan("anna", kind="activities")["mail"] == NOBODY


@pytest.mark.parametrize("seed", range(3))
def test_X17_two_commands_started_by_hand(installation: Installed, seed: int) -> None:
    """The same with processes of their own, as two people, or two schedulers, would start them."""
    shares_all(installation)
    new_person(installation, seed + 1)
    meets(installation, seed)
    started = [installation.start("sync", "--user", user) for user in PAIR]
    for process in started:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, out + err
    installation.control.reset("faults", "barriers")
    installation.sync()
    installation.sync()
    same_everywhere(installation, [f"Person {seed + 1}"], lambda title: title.startswith("as "))


def test_X17_one_mailbox_is_worked_on_by_one_process_at_a_time(installation: Installed) -> None:
    """A second process says who holds it and does nothing; the first ends its work undisturbed."""
    installation.person("anna", firstname="Ada", lastname="Lovelace")
    installation.control.hold("POST", "batch", count=2)
    first = installation.start("sync", "--user", "anna")
    while not any(one["arrived"] for one in installation.control.faults()["barriers"]):
        assert first.poll() is None
    installation.control.reset("log")
    second = installation.sync("anna", code=1)
    assert f"process {first.pid} on " in second.err and "works on this mailbox" in second.err
    assert writes(installation.control) == []
    installation.control.release()
    out, err = first.communicate(timeout=60)
    assert first.returncode == 0, out + err
    assert [card["surname"] for card in installation.cards("anna")] == ["Lovelace"]
