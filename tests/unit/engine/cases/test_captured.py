"""A live pair becomes a case that ends in the same way, with nothing of a person in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from engine.cases.capture import Mask, captured
from engine.cases.run import Runner
from engine.context import Context
from engine.links import Base
from engine.records import CRM, M365, Gone, Record, Reference
from engine.schema import EMAIL, PHONE, TEXT

Read = Callable[[Any], Any]
CONTEXT = Context(datetime(2026, 11, 22, 9, tzinfo=UTC), "Europe/London", "u-77", {"ways": "to_m365"})
VALUES_CRM = {
    "nick": "Nancy Pelham", "mail": "nancy.pelham@hollis-bros.co.uk", "born": "1980-02-29",
    "firm": Reference("9", "Hollis Bros"),
}  # fmt: skip
VALUES_M365 = {
    "pseudonym": "Nan Pelham", "mails": (("nancy.pelham@hollis-bros.co.uk", "Nancy"), ("np@home.net", None)),
    "since": "1980-02-29", "employer": "hollis bros",
}  # fmt: skip
BASE = Base(
    {"nick": "Nan Pelham", "mail": "nancy.pelham@hollis-bros.co.uk", "born": "1980-02-29", "firm": Reference("9", "X")},
    {"pseudonym": "Nan Pelham", "mails[1].value": "nancy.pelham@hollis-bros.co.uk", "since": "1980-02-29",
     "employer": "hollis bros"},
)  # fmt: skip
PERSONAL = re.compile("nan|pelham|hollis|bros|home|77", re.IGNORECASE)


def test_a_pair_becomes_a_case_without_its_people(people: Runner, read: Read) -> None:
    """A nick and a firm were changed in the CRM: so it is in the case, where words that were equal are equal."""
    crm = Record(CRM, "Person", "1", "v2", VALUES_CRM)
    m365 = Record(M365, "person", "2", "w1", VALUES_M365)
    text = captured(people.program, CONTEXT, BASE, crm, m365)
    assert not PERSONAL.search(text), text
    file, problems = read(text)
    assert problems == [] and "1980-02-29" in text and re.search(r'"\w+\.\w+@\w+-\w+-\w+\.example"', text)
    (told,) = people.run(file.cases[0]).told
    assert (told.what, [change.path for change in told.fields]) == ("update in m365", ["pseudonym"])
    nick = str(told.fields[0].after)
    assert re.fullmatch(r"[A-Z]\w+ [A-Z]\w+", nick) and nick.split()[1] == str(told.fields[0].before).split()[1]


def test_what_is_gone_or_alone_is_said(people: Runner, read: Read) -> None:
    """A deleted counterpart, and a record without one, are the case too."""
    crm = Record(CRM, "Person", "1", "v1", VALUES_CRM, editable=False)
    for base, other, outcome in ((BASE, Gone(M365, "person", "2"), "recreate in m365"), (None, None, "create in m365")):
        text = captured(people.program, CONTEXT, base, crm, other)
        assert not PERSONAL.search(text) and ("deleted in m365" in text) is (base is not None)
        file, problems = read(text)
        assert problems == []
        assert people.run(file.cases[0]).told[0].what == outcome


def test_shapes_stay() -> None:
    """Numbers keep how they are written, addresses stay addresses, and case is kept; equal things stay equal."""
    mask = Mask(["u1"], {"u1": "a1"})
    assert (mask.person("u1"), mask.person("a1"), mask.person("u9")) == ("user1", "user1", "user2")
    assert re.fullmatch(r"\+44 \(20\) 7\d{3}-\d{4}", one := str(mask.value("+44 (20) 7946-0123", PHONE)))
    other = str(mask.value("020 7946 0123", PHONE))
    assert re.sub(r"\D", "", one)[-6:] == re.sub(r"\D", "", other)[-6:] != "460123"
    assert mask.value("Ann LEE", TEXT) != mask.value("Lee Ann", TEXT)
    assert str(mask.value("Ann LEE", TEXT)).split()[0] == str(mask.value("ann", TEXT)).title()
    assert mask.value("Ann@Lee.org", EMAIL) != mask.value("ann@other.org", EMAIL)
    assert mask.value(None, TEXT) is None
    assert len(str(mask.value("word " * 400, TEXT))) < 400
    assert mask.setting(("Ann",)) == (mask.text("Ann"),)
