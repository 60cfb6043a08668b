"""Traps of contacts and contact folders, by plain HTTP."""

import pytest

MARK = "String {6f2a3c1e-5b1d-4c57-9a3e-0d4b7f1c2a90} Name Mark"
EXPAND = f"$expand=singleValueExtendedProperties($filter=id eq '{MARK}')"
ANN = "ann@firm.example"


def marked(value: str) -> list[dict[str, str]]:
    return [{"id": MARK, "value": value}]


def by_mark(value: str, identifier: str = MARK) -> str:
    return f"$filter=singleValueExtendedProperties/Any(ep: ep/id eq '{identifier}' and ep/value eq '{value}')"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("emailAddresses", [{"address": f"a{n}@x.example"} for n in range(4)]),
        ("businessPhones", ["1", "2", "3"]),
        ("homePhones", ["1", "2", "3"]),
    ],
)
def test_fourth_email_and_third_phone_are_refused_not_trimmed(graph, name, values):
    """Trap 22: a fourth e-mail or third phone is refused with 400 on create and on change, and nothing is stored."""
    fits = graph.create(**{name: values[:-1]})
    assert len(fits[name]) == len(values) - 1
    for answer in (
        graph("POST", "/me/contacts", {name: values}),
        graph("PATCH", f"/me/contacts/{fits['id']}", {name: values}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ErrorPropertyValidationFailure")
    assert graph.get(f"/me/contacts/{fits['id']}")["changeKey"] == fits["changeKey"]


def test_email_name_is_filled_with_the_address(graph):
    """An e-mail written without a name comes back with the address as its name."""
    made = graph.create(emailAddresses=[{"address": "zoe@x.example"}, {"address": "z@x.example", "name": "Zoë"}])
    assert [row["name"] for row in made["emailAddresses"]] == ["zoe@x.example", "Zoë"]


def test_display_name_is_made_anew_when_a_name_changes(graph):
    """Trap 23: a PATCH of a name part without displayName changes displayName; sent along, it stays."""
    made = graph.create(givenName="Zoë", surname="Müller", displayName="Boss")
    assert made["displayName"] == "Boss"
    assert graph.patch(made["id"], surname="Meyer")["displayName"] == "Zoë Meyer"
    assert graph.patch(made["id"], surname="Moor", displayName="Boss")["displayName"] == "Boss"
    assert graph.patch(made["id"], jobTitle="CEO")["displayName"] == "Boss"


def test_partial_address_blanks_the_rest(graph):
    """Trap 24: an address object is replaced whole, so a PATCH of the city loses the street."""
    made = graph.create(businessAddress={"street": "1 High Street", "city": "York"}, homeAddress={"city": "Leeds"})
    after = graph.patch(made["id"], businessAddress={"city": "Hull"})
    assert after["businessAddress"] == {"city": "Hull"}
    assert after["homeAddress"] == {"city": "Leeds"}


def test_absent_properties_stay_and_null_clears(graph):
    """A PATCH merges at top level: absent keeps, null, empty text and empty list clear, lists are replaced."""
    made = graph.create(
        personalNotes="old", jobTitle="CEO", mobilePhone="1", businessPhones=["1", "2"], categories=["A"]
    )
    after = graph.patch(made["id"], jobTitle=None, mobilePhone="", businessPhones=["3"], categories=[])
    assert (after["personalNotes"], after["jobTitle"], after["mobilePhone"]) == ("old", None, None)
    assert (after["businessPhones"], after["categories"]) == (["3"], [])


@pytest.mark.parametrize("sent", ["1980-03-01", "1980-03-01T00:00:00Z", "1980-03-01T23:30:00Z"])
def test_birthday_is_kept_at_1159_utc(graph, sent):
    """Trap 21: a birthday comes back as an instant at 11:59 UTC of its day, also when a bare date was sent."""
    assert graph.create(birthday=sent)["birthday"] == "1980-03-01T11:59:00Z"


def test_birthday_entered_elsewhere_keeps_its_time(graph, control):
    """Trap 21: what other programs stored, such as local midnight, is read back as it is."""
    made = control.create_contact(ANN, {"givenName": "A", "birthday": "1980-02-29T23:00:00Z"})
    assert graph.get(f"/me/contacts/{made['id']}")["birthday"] == "1980-02-29T23:00:00Z"


def test_default_folder_is_not_listed(graph):
    """Trap 25: folder lists leave the default folder out, though the well-known name reaches it."""
    listed = graph.get("/me/contactFolders")["value"]
    assert [row["displayName"] for row in listed] == ["Clients", "Family"]
    default = graph.get("/me/contactFolders/contacts")
    assert default["id"] not in [row["id"] for row in listed]
    made = graph.create(givenName="A")
    assert graph.get("/me/contacts?$top=1&$select=parentFolderId")["value"][0]["parentFolderId"] == default["id"]
    assert made["parentFolderId"] == default["id"] == listed[0]["parentFolderId"]


def test_me_contacts_is_the_default_folder_only(graph):
    """Trap 25: `/me/contacts` neither lists nor finds what lies in another folder; by id all are reachable."""
    clients = graph.folder("Clients")
    mail, mark = [{"address": "a@x.example"}], marked("7")
    made = graph.create(
        f"/me/contactFolders/{clients}/contacts", emailAddresses=mail, singleValueExtendedProperties=mark
    )
    for query in ("", "?$filter=emailAddresses/any(a:a/address eq 'a@x.example')", "?" + by_mark("7")):
        assert graph.get("/me/contacts" + query)["value"] == []
        assert [row["id"] for row in graph.get(f"/me/contactFolders/{clients}/contacts{query}")["value"]] == [
            made["id"]
        ]
    assert graph.get(f"/me/contacts/{made['id']}")["parentFolderId"] == clients
    assert graph("GET", f"/me/contactFolders/contacts/contacts/{made['id']}").status_code == 404


def test_nested_folders_are_reached_by_child_folders_and_by_plain_id(graph):
    """Folder ids are mailbox-wide: a nested folder is listed below its parent only, but addressed without it."""
    clients, north = graph.folder("Clients"), graph.folder("Clients/North")
    assert graph.get(f"/me/contactFolders/{north}")["parentFolderId"] == clients
    assert north not in [row["id"] for row in graph.get("/me/contactFolders")["value"]]


def test_patch_of_parent_folder_moves_nothing(graph):
    """PATCH of parentFolderId has no effect on a contact nor on a folder, and there is no move action."""
    family, made = graph.folder("Family"), graph.create(givenName="A")
    assert graph.patch(made["id"], parentFolderId=family)["parentFolderId"] == made["parentFolderId"]
    clients = graph.folder("Clients")
    graph("PATCH", f"/me/contactFolders/{clients}", {"parentFolderId": family})
    assert graph.folder("Clients") == clients
    for action in ("move", "copy"):
        assert graph("POST", f"/me/contacts/{made['id']}/{action}", {"destinationId": family}).status_code == 400


def test_copy_in_outlook_clones_the_extended_property(graph, control):
    """Trap 26: a contact copied by a person carries the same extended property under another id."""
    made = graph.create(givenName="A", singleValueExtendedProperties=marked("crm-7"))
    copy = control.copy_contact(ANN, made["id"])
    found = {row["id"] for row in graph.get("/me/contacts?" + by_mark("crm-7"))["value"]}
    assert found == {made["id"], copy["id"]}


def test_extended_property_is_read_by_expand_only(graph):
    """An extended property is missing from plain reads and comes with `$expand`; null removes it."""
    made = graph.create(givenName="A", singleValueExtendedProperties=marked("7"))
    path = f"/me/contacts/{made['id']}"
    assert "singleValueExtendedProperties" not in {**made, **graph.get(path)}
    assert graph.get(f"{path}?{EXPAND}")["singleValueExtendedProperties"] == marked("7")
    assert graph("GET", f"{path}?$expand=singleValueExtendedProperties").status_code == 400
    graph.patch(made["id"], singleValueExtendedProperties=[{"id": MARK, "value": None}])
    assert "singleValueExtendedProperties" not in graph.get(f"{path}?{EXPAND}")


def test_extended_property_name_minds_case_and_value_does_not(graph):
    """Searching by an extended property is exact about the name's case and not about the value's."""
    graph.create(givenName="A", singleValueExtendedProperties=marked("Crm-A"))
    assert len(graph.get("/me/contacts?" + by_mark("cRM-a"))["value"]) == 1
    assert graph.get("/me/contacts?" + by_mark("Crm-A", MARK.replace("Mark", "mark")))["value"] == []


def test_long_extended_values_come_short_in_lists(graph):
    """A large extended property is shortened in a listing and whole in a read of the item."""
    made = graph.create(givenName="A", singleValueExtendedProperties=marked("x" * 5000))
    row = graph.get(f"/me/contacts?{EXPAND}")["value"][0]
    assert len(row["singleValueExtendedProperties"][0]["value"]) < 5000
    assert graph.get(f"/me/contacts/{made['id']}?{EXPAND}")["singleValueExtendedProperties"] == marked("x" * 5000)


def test_if_match_counts_on_patch_and_not_on_delete(graph):
    """Trap 27: a stale etag stops a PATCH with 412 and doesn't stop a DELETE."""
    made = graph.create(givenName="A")
    stale, path = made["@odata.etag"], f"/me/contacts/{made['id']}"
    assert stale == f'W/"{made["changeKey"]}"'
    fresh = graph("PATCH", path, {"jobTitle": "CEO"}, If_Match=stale)
    assert (fresh.status_code, fresh.json()["@odata.etag"] != stale) == (200, True)
    refused = graph("PATCH", path, {"jobTitle": "CFO"}, If_Match=stale)
    assert (refused.status_code, refused.json()["error"]["code"]) == (412, "ErrorIrresolvableConflict")
    assert graph.get(path)["jobTitle"] == "CEO"
    assert graph("DELETE", path, If_Match=stale).status_code == 204


def test_delete_moves_to_deleted_items_and_permanent_delete_does_not(graph, control):
    """DELETE leaves the contact in Deleted Items, where a person can take it back; permanentDelete doesn't."""
    soft, hard = graph.create(givenName="A"), graph.create(givenName="B")
    assert graph("DELETE", f"/me/contacts/{soft['id']}").status_code == 204
    assert graph("POST", f"/me/contacts/{hard['id']}/permanentDelete").status_code == 204
    assert [row["id"] for row in control.deleted(ANN)] == [soft["id"]]
    for gone in (soft, hard):
        answer = graph("GET", f"/me/contacts/{gone['id']}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ErrorItemNotFound")
    control.restore_contact(ANN, soft["id"])
    assert graph.get(f"/me/contacts/{soft['id']}")["givenName"] == "A"


def test_deleted_items_may_stay_readable_by_id(graph, control):
    """When set so, a deleted contact is still read by its immutable id, in another folder than any contact folder."""
    made = graph.create(givenName="A")
    graph("DELETE", f"/me/contacts/{made['id']}")
    control.set_behaviour(deleted_items_readable=True)
    assert graph.get(f"/me/contacts/{made['id']}")["parentFolderId"] != made["parentFolderId"]


def test_folder_whose_name_lies_in_deleted_items_is_not_deleted(graph):
    """Trap 28: deleting a second folder of one name fails until it is renamed."""
    for expected in (204, 409):
        folder = graph.create("/me/contactFolders", displayName="Twice")["id"]
        assert graph("DELETE", f"/me/contactFolders/{folder}").status_code == expected
    assert graph("PATCH", f"/me/contactFolders/{folder}", {"displayName": "Other"}).status_code == 200
    assert graph("DELETE", f"/me/contactFolders/{folder}").status_code == 204


def test_folder_names_are_unique_below_a_parent(graph):
    """Creating a folder of a name that is taken is answered 409."""
    answer = graph("POST", "/me/contactFolders", {"displayName": "clients"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "ErrorFolderExists")


def test_immutable_ids_survive_a_move_and_classic_ids_do_not(graph, control):
    """Without the ImmutableId preference ids are long and change with the folder; with it they are short and stay."""
    made = graph.create(givenName="A")
    classic = graph.get("/me/contacts", Prefer="respond-async")["value"][0]["id"]
    assert (len(made["id"]), len(classic) > 140) == (72, True)
    assert graph.get(f"/me/contacts/{classic}")["id"] == made["id"]
    control.move_contact(ANN, made["id"], "Family")
    assert graph("GET", f"/me/contacts/{classic}").status_code == 404
    moved = graph.get(f"/me/contacts/{made['id']}", Prefer="respond-async")
    assert moved["id"] not in (classic, made["id"])
    assert graph.get(f"/me/contacts/{moved['id']}")["id"] == made["id"]


def test_ids_that_differ_in_case_only_are_different_contacts(graph):
    """Ids have to be compared exactly: one mailbox holds ids that are equal without case."""
    ids = [graph.create(givenName=str(n))["id"] for n in range(30)]
    assert len(set(ids)) == 30 > len({identifier.lower() for identifier in ids})
    assert graph.get(f"/me/contacts/{ids[27]}")["givenName"] == "27"


def test_prefer_header_holds_several_preferences(graph):
    """Trap 15: all preferences have to be in one header; the ImmutableId and the page size both count then."""
    for n in range(5):
        graph.create(givenName=str(n))
    answer = graph("GET", "/me/contacts", Prefer='odata.maxpagesize=3, IdType="ImmutableId"')
    rows = answer.json()["value"]
    assert (len(rows), {len(row["id"]) for row in rows}) == (3, {72})
    assert "odata.maxpagesize=3" in answer.headers["Preference-Applied"]
    assert {len(row["id"]) > 140 for row in graph.get("/me/contacts", Prefer="odata.maxpagesize=3")["value"]} == {True}


def test_lists_come_in_tens_and_percent_encoded_options_count(graph):
    """A list page has 10 rows unless `$top` asks for more; `%24top` is `$top`."""
    for n in range(12):
        graph.create(givenName=str(n))
    first = graph.get("/me/contacts")
    assert len(first["value"]) == 10
    assert len(graph.get(first["@odata.nextLink"])["value"]) == 2
    assert len(graph.get("/me/contacts?%24top=11&%24select=givenName")["value"]) == 11
    assert "@odata.nextLink" not in graph.get("/me/contacts?$top=12")


def test_offset_paging_repeats_and_loses_rows(graph):
    """A listing is paged by offset: an insert during the walk repeats a row, a delete makes one vanish."""
    ids = [graph.create(givenName=str(n))["id"] for n in range(6)]
    first = graph.get("/me/contacts?$top=3")
    graph.create(givenName="new")
    second = graph.get(first["@odata.nextLink"])
    assert {row["id"] for row in first["value"]} & {row["id"] for row in second["value"]}
    walk = graph.get("/me/contacts?$top=3")
    graph("DELETE", f"/me/contacts/{walk['value'][0]['id']}")
    seen = {row["id"] for row in walk["value"]} | {row["id"] for row in graph.get(walk["@odata.nextLink"])["value"]}
    assert set(ids[2:]) - seen


def test_filters_other_than_email_and_mark_are_refused(graph):
    """Only equality of an e-mail address or of an extended property can be filtered; notes can't."""
    graph.create(personalNotes="x", emailAddresses=[{"address": "O'Neil@x.example", "name": "N"}])
    assert len(graph.get("/me/contacts?$filter=emailAddresses/any(a:a/address eq 'o''neil@X.example')")["value"]) == 1
    for text in (
        "personalNotes eq 'x'",
        "emailAddresses/any(a:a/name eq 'N')",
        "emailAddresses/any(a:a/address ne 'x')",
    ):
        assert graph("GET", f"/me/contacts?$filter={text}").status_code == 400


def test_select_returns_id_and_etag_with_what_was_asked(graph):
    """`$select` limits a row to what was asked, and id and etag are always there."""
    graph.create(givenName="A", surname="B")
    assert graph.get("/me/contacts?$select=givenName")["value"][0].keys() == {"@odata.etag", "id", "givenName"}


def test_unknown_property_is_refused_and_unwritten_slot_too(graph):
    """A property that contacts don't have is refused, and so are the single e-mail slots, which only read."""
    assert graph("POST", "/me/contacts", {"fax": "1"}).status_code == 400
    assert graph("POST", "/me/contacts", {"primaryEmailAddress": {"address": "a@x.example"}}).status_code == 400
    made = graph.create(emailAddresses=[{"address": "a@x.example"}])
    assert made["primaryEmailAddress"]["address"] == "a@x.example" and made["secondaryEmailAddress"] is None


def test_body_over_4_mb_is_refused(graph):
    """A body above 4 MB is answered 413 and nothing is stored."""
    assert graph("POST", "/me/contacts", {"personalNotes": "x" * (4 * 1024 * 1024)}).status_code == 413
    assert graph.get("/me/contacts")["value"] == []


def test_own_write_and_bare_change_of_key_come_back_by_delta(graph, control):
    """Trap 35: own writes return by delta with the etag the write gave; a touch brings a new etag only."""
    _, link, _ = graph.round("/me/contacts/delta")
    made = graph.create(givenName="A")
    rows, link, _ = graph.round(link)
    assert [row["@odata.etag"] for row in rows] == [made["@odata.etag"]]
    control.touch_contact(ANN, made["id"])
    (row,), link, _ = graph.round(link)
    changed = {name for name in row if row[name] != rows[0][name]}
    assert changed <= {"@odata.etag", "changeKey", "lastModifiedDateTime"} and "changeKey" in changed


def test_service_normalises_late(graph, control):
    """After a number of reads the service may rewrite an item by itself, with a new change key."""
    made = graph.create(mobilePhone="+44 20 1")
    control.normalise_late(ANN, made["id"], 2, {"mobilePhone": "+44201"})
    path = f"/me/contacts/{made['id']}"
    assert [graph.get(path)["mobilePhone"] for _ in range(3)] == ["+44 20 1", "+44 20 1", "+44201"]
    assert graph.get(path)["changeKey"] != made["changeKey"]
