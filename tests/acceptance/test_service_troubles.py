"""Microsoft 365 in its worse moods: throttled, down, forgetful, silent. Nothing is lost and nothing is doubled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from installed import Installed, upn

NEW_IN_CRM: Final = tuple(f"Crm{number}" for number in range(7))
NEW_IN_OUTLOOK: Final = ("Box0", "Box1")
LEFT: Final = {"Changed-Here", "Changed-There", "Made-Again", *NEW_IN_CRM, *NEW_IN_OUTLOOK}


@dataclass(frozen=True, slots=True)
class Mood:
    """A fault rule and how the first tick ends under it: 0 where it gets through by itself."""

    action: Mapping[str, object]
    method: str = "POST"
    path: str = r"\$batch"
    nth: int = 1
    count: int = 1
    part: bool = False
    code: int = 0


def status(number: int, **more: object) -> Mapping[str, object]:
    return {"kind": "status", "status": number, **more}


SOON: Final = {"Retry-After": "0"}
LOST, NOT_SENT = {"kind": "drop_answer"}, {"kind": "drop_request"}
CREATIONS: Final = r"/contacts$"
MOODS: Final[Mapping[str, Mood]] = {
    "429 on the first batch": Mood(status(429, headers=SOON), count=3),
    "429 on every second question": Mood(status(429, headers=SOON), "GET", "", nth=2, count=5, part=True),
    "429 on creations in a batch": Mood(status(429, headers=SOON), "POST", CREATIONS, count=5, part=True),
    "429 on changes in a batch": Mood(status(429, headers=SOON), "PATCH", "", count=2, part=True),
    "429 for ever": Mood(status(429, headers={"Retry-After": "900"}), "POST", CREATIONS, count=0, part=True, code=1),
    "503 with Retry-After": Mood(status(503, headers=SOON), count=2),
    "503 on one creation": Mood(status(503, headers=SOON), "POST", CREATIONS, nth=3, part=True),
    "500 on one creation": Mood(status(500, code="InternalServerError"), "POST", CREATIONS, nth=2, part=True),
    "503 as a web page": Mood({"kind": "html", "status": 503}, nth=2),
    "504 on a change": Mood(status(504), "PATCH", "", part=True),
    "504 on a deletion": Mood(status(504), "DELETE", "", part=True),
    "answer to a creation lost": Mood(LOST, "POST", CREATIONS, nth=2, part=True),
    "answers to all creations lost": Mood(LOST, "POST", CREATIONS, count=0, part=True),
    "answer to a change lost": Mood(LOST, "PATCH", "", part=True),
    "answer to a deletion lost": Mood(LOST, "DELETE", "", part=True),
    "answer to a batch of reads lost": Mood(LOST),
    "answer to a batch of creations lost": Mood(LOST, nth=3),
    "answer to the second batch of creations lost": Mood(LOST, nth=4),
    "batch of creations cut": Mood({"kind": "cut"}, nth=3),
    "batch of creations not sent": Mood(NOT_SENT, nth=3),
    "batch of changes lost": Mood(LOST, nth=6),
    "a creation refused": Mood(status(400, code="ErrorInvalidProperty"), "POST", CREATIONS, nth=2, part=True),
    "an expired delta link": Mood({"kind": "expire_delta"}, "GET", "contacts/delta", part=True),
}


@pytest.fixture
def news(installation: Installed) -> Installed:
    """Anna's contacts after a quiet tick, with creations, changes and deletions on both sides waiting for the next.
    Nothing has a key by which it could be matched: a doubled person would stay two."""
    crm = {name: installation.person(firstname=name, lastname="Moody")
           for name in ("Changed-Here", "Changed-There", "Deleted-Here", "Made-Again")}  # fmt: skip
    installation.sync("anna")
    cards = {card["givenName"]: card["id"] for card in installation.cards("anna")}
    installation.edit_person(crm["Changed-Here"], title="Director")
    installation.edit_card("anna", cards["Changed-There"], jobTitle="Captain")
    installation.delete_person(crm["Deleted-Here"])
    installation.delete_card("anna", cards["Made-Again"])
    for name in NEW_IN_CRM:
        installation.person(firstname=name, lastname="Moody", mobile="+44 20 7946 0001")
    for name in NEW_IN_OUTLOOK:
        installation.card("anna", givenName=name, surname="Moody")
    return installation


def assert_whole(here: Installed) -> None:
    """Everybody is on both sides, once, with what was last written; nobody is held."""
    people = [values for values in here.people().values() if values["lastname"] == "Moody"]
    cards = [card for card in here.cards("anna") if card["surname"] == "Moody"]
    assert sorted(str(values["firstname"]) for values in people) == sorted(LEFT)
    assert sorted(str(card["givenName"]) for card in cards) == sorted(LEFT)
    titles = {str(card["givenName"]): card["jobTitle"] for card in cards if card["jobTitle"]}
    assert titles == {"Changed-Here": "Director", "Changed-There": "Captain"}
    assert {str(v["firstname"]): v["title"] for v in people if v["title"]} == titles


@pytest.mark.parametrize("name", MOODS)
def test_X9_nothing_is_lost_or_doubled(news: Installed, name: str) -> None:
    """Whatever happens to some calls of a tick, it or the next one brings both sides together."""
    mood = MOODS[name]
    number = news.control.add_rule(
        mood.action, mood.method, mood.path, mood.nth, mood.count, mood.part, mailbox=upn("anna")
    )
    news.sync("anna", code=mood.code)
    assert fired(news, number), "the mood was never met"
    news.control.reset("faults")
    news.sync("anna")
    if name == "a creation refused":
        assert "does not accept it" in news.tandem("held").out
        news.sync("anna", "--full")
    assert_whole(news)


def fired(here: Installed, rule: int) -> int:
    rules: list[dict[str, Any]] = here.control.faults()["rules"]
    return next(int(one["fired"]) for one in rules if one["id"] == rule)


@pytest.mark.parametrize(
    ("number", "code"),
    [(410, "SyncStateNotFound"), (410, "resyncRequired"), (400, "SyncStateInvalid"), (404, "SyncStateNotFound")],
)  # fmt: skip
def test_X9_expired_delta_tokens_lose_nothing(news: Installed, number: int, code: str) -> None:
    """All change cursors expire while changes wait, in each form that is known: the folders are listed whole, and what
    is missing from the listing is believed gone only when asked by id."""
    news.control.set_behaviour(delta_expired_status=number, delta_expired_code=code)
    news.control.expire_delta_tokens(upn("anna"))
    news.sync("anna")
    assert_whole(news)
    assert news.sync("anna", "--exit-code").out.endswith("nothing to write\n")


@pytest.mark.parametrize(
    ("behaviour", "met"),
    [
        ({"mailbox_concurrency": 1, "retry_after": 0}, 429),
        ({"mailbox_concurrency": 2, "mailbox_concurrency_status": 503, "retry_after": 0}, 503),
        ({"batch_surplus": True, "batch_throttled_424": True, "mailbox_concurrency": 2, "retry_after": 0}, 424),
        ({"delta_token_life": 0.001}, 410),
        ({"innererror_lower_case": True}, 404),
    ],
    ids=["one at a time", "503 for too many", "surplus fails", "short-lived tokens", "errors spelt otherwise"],
)
def test_X9_a_service_in_a_lasting_mood(news: Installed, behaviour: dict[str, object], met: int) -> None:
    """Limits that are lower than written, tokens that expire at once: the tick takes longer and gets there."""
    news.control.set_behaviour(**behaviour)
    news.control.reset("log")
    news.sync("anna")
    log = news.control.log()
    assert met in {call["status"] for request in log for call in (request, *request["batch"])}
    assert_whole(news)


def test_X9_a_user_whose_service_is_throttled_waits_and_the_others_go_on(installation: Installed) -> None:
    """Anna's mailbox asks for a quarter of an hour; Ben's is synced, and the service leaves Anna alone until then."""
    for user in ("anna", "ben"):
        installation.card(user, givenName=user, surname="Patient")
    rule = installation.control.add_rule(status(429, headers={"Retry-After": "900"}), count=0, mailbox=upn("anna"))
    ran = installation.process("run", "--once", code=1)
    assert f"{upn('anna')}  contacts: Microsoft 365 asks to wait longer than is sensible" in ran.err
    assert [values["firstname"] for values in installation.named("Patient")] == ["ben"]
    asked = fired(installation, rule)
    assert installation.process("run", "--once").err == ""
    assert fired(installation, rule) == asked
