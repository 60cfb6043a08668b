"""Values as rules see them, and as they travel."""

from __future__ import annotations

import string
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.records import NOT_FETCHED, Reference, Value
from graph_client.codec import decode, display_name, encode, updated, wanted
from graph_client.fields import CONTACT, CONTACT_ROWS, EMAIL_LIMIT, PHONE_LIMIT

HOME = Reference("", "Contacts")


def values(**members: object) -> Mapping[str, Value]:
    row = {"id": "1", "@odata.etag": 'W/"1"', **members}
    record = decode(row, lambda id: HOME)  # type: ignore[arg-type]
    assert record is not None
    return record.values


def test_empty_text_lists_and_addresses_are_none() -> None:
    """Whatever form emptiness has on the wire, rules see one."""
    found = values(
        givenName="", surname=None, businessPhones=[], homePhones=["", None], emailAddresses=[{}],
        homeAddress={}, otherAddress={"street": ""}, businessAddress=None, birthday=None, categories=[],
    )  # fmt: skip
    assert set(found.values()) == {None}
    assert len(found) == 10


def test_what_did_not_come_was_not_fetched() -> None:
    """A member that is missing is no empty value."""
    record = decode({"id": "1", "givenName": "A"}, lambda id: HOME)
    assert record is not None
    assert record.get("surname") is NOT_FETCHED
    assert record.get("givenName") == "A"


def test_unknown_members_and_shapes_do_no_harm() -> None:
    """The type is open: other members are passed over, members of another shape count as empty."""
    assert values(flag={"a": 1}, givenName=5, businessPhones="x", businessAddress=[1], emailAddresses=[1]) == {
        "givenName": None, "businessPhones": None, "businessAddress": None, "emailAddresses": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("1980-02-29T11:59:00Z", "1980-02-29"),
        ("1980-02-29T00:00:00Z", "1980-02-29"),
        ("1980-02-29T23:00:00.0000000Z", "1980-02-29"),
        ("1980-02-29", "1980-02-29"),
        ("0001-01-01T00:00:00Z", None),
        (None, None),
    ],
)
def test_a_birthday_is_a_day(raw: str | None, day: str | None) -> None:
    """Only the first ten characters count; the year 1 stands for nothing."""
    assert values(birthday=raw)["birthday"] == day


def test_a_birthday_is_written_at_noon() -> None:
    """11:59 UTC is the same day in every zone; an empty day is sent as null."""
    assert encode({"birthday": "1980-02-29"}) == {"birthday": "1980-02-29T11:59:00Z"}
    assert encode({"birthday": None}) == {"birthday": None}


def test_a_name_that_repeats_the_address_is_none() -> None:
    """The service fills the name of an e-mail address with the address: that is no name."""
    found = values(
        emailAddresses=[{"address": "A@x.example", "name": "a@X.example"}, {"address": "b@x.example", "name": "B"}]
    )
    assert found["emailAddresses"] == (("A@x.example", None), ("b@x.example", "B"))


def test_an_address_always_goes_whole() -> None:
    """All five parts are sent, empty ones too, and an empty address as five empty parts."""
    sent = encode({"homeAddress": (None, "Leeds", None, "LS1", None), "otherAddress": None})
    assert sent["homeAddress"] == {
        "street": "",
        "city": "Leeds",
        "state": "",
        "postalCode": "LS1",
        "countryOrRegion": "",
    }
    assert set(sent["otherAddress"].values()) == {""}  # type: ignore[union-attr]


def test_clearing_is_sent() -> None:
    """None clears: null for text, an empty list for lists; what is not given is not sent."""
    assert encode({"personalNotes": None, "businessPhones": None}) == {"personalNotes": None, "businessPhones": []}


def test_the_folder_and_the_display_name_are_no_members_for_rules() -> None:
    """A folder is part of the address of a call, the display name is made here."""
    assert encode({"parentFolder": HOME, "displayName": "X"}) == {}


@pytest.mark.parametrize("bad", [{"givenName": ("a",)}, {"businessPhones": "1"}, {"homeAddress": ("a", "b")}])
def test_a_value_of_the_wrong_shape_is_refused(bad: Mapping[str, Value]) -> None:
    """What a field can't hold is an error that names the field and not the value."""
    with pytest.raises(ValueError, match=next(iter(bad))):
        encode(bad)


@pytest.mark.parametrize(
    ("members", "shown"),
    [
        ({"givenName": "Anna", "middleName": "B.", "surname": "Smith"}, "Anna B. Smith"),
        ({"surname": "Smith", "companyName": "Firm"}, "Smith"),
        ({"companyName": "Firm", "emailAddresses": [{"address": "a@x.example"}]}, "Firm"),
        ({"emailAddresses": [{"address": "a@x.example"}]}, "a@x.example"),
        ({}, ""),
    ],
)
def test_the_display_name(members: dict[str, object], shown: str) -> None:
    """The name, else the company, else the e-mail address."""
    assert display_name(members) == shown  # type: ignore[arg-type]


def test_a_chosen_display_name_stays_until_the_name_changes() -> None:
    """Every update carries the display name; a person's own stays unless a part it is made of changes."""
    row = {"displayName": "Bob the plumber", "givenName": "Bob", "surname": "Lee"}
    assert updated({"mobilePhone": "1"}, row)["displayName"] == "Bob the plumber"
    assert updated({"givenName": "Bob"}, row)["displayName"] == "Bob the plumber"
    assert updated({"surname": "Low"}, row)["displayName"] == "Bob Low"
    assert updated({"surname": None, "givenName": None}, row)["displayName"] == ""


def test_modified_is_in_milliseconds() -> None:
    """Seven digits of a second are read; half an instant is none."""
    record = decode({"id": "1", "lastModifiedDateTime": "2026-11-22T10:00:00.1239999Z"}, lambda id: HOME)
    assert record is not None
    assert record.modified == 1795341600123
    odd = decode({"id": "1", "lastModifiedDateTime": "soon"}, lambda id: HOME)
    assert odd is not None
    assert odd.modified is None


def test_a_row_without_an_id_is_no_record() -> None:
    """Nothing could ever be written to it."""
    assert decode({"givenName": "A"}, lambda id: HOME) is None


def test_the_table_is_the_schema() -> None:
    """Select, schema and limits come from one table; the folder is the container."""
    assert [field.name for field in CONTACT.fields] == [row.name for row in CONTACT_ROWS]
    assert set(wanted().select.split(",")) == {"id", "lastModifiedDateTime"} | {row.wire_name for row in CONTACT_ROWS}
    limits = {name: CONTACT.by_name[name].type.limit for name in ("emailAddresses", "businessPhones", "homePhones")}
    assert limits == {"emailAddresses": EMAIL_LIMIT, "businessPhones": PHONE_LIMIT, "homePhones": PHONE_LIMIT}
    container = CONTACT.container()
    assert container is not None
    assert container.name == "parentFolder"


TEXT = st.text(string.ascii_letters + " é☃😀\r\n", min_size=1, max_size=12)
NAMED = st.tuples(TEXT.map(lambda t: t + "@x"), st.none() | TEXT)
POSTAL = st.tuples(*[st.none() | TEXT] * 5).filter(any)
BY_WIRE = {
    "text": TEXT,
    "list": st.lists(TEXT, min_size=1, max_size=2).map(tuple),
    "addresses": st.lists(NAMED, min_size=1, max_size=3).map(tuple),
    "postal": POSTAL,
    "day": st.dates().filter(lambda day: day.year > 1).map(lambda day: day.isoformat()),
}
WRITABLE = [row for row in CONTACT_ROWS if row.writable and row.wire != "folder"]
RECORDS = st.fixed_dictionaries({}, optional={row.name: st.none() | BY_WIRE[row.wire] for row in WRITABLE})


@given(RECORDS)
def test_what_is_encoded_decodes_to_the_same(given: Mapping[str, Value]) -> None:
    """Law: a value comes back as it went, for every field and every absence."""
    assert values(**encode(given)) == given
