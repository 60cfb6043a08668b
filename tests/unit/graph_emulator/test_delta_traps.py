"""Traps of delta queries, by plain HTTP."""

from urllib.parse import unquote

import pytest

ANN = "ann@firm.example"
DELTA = "/me/contactFolders/contacts/contacts/delta"
SMALL = {"Prefer": 'IdType="ImmutableId", odata.maxpagesize=3'}


@pytest.fixture
def ten(graph):
    """Ids of ten contacts in the default folder."""
    return [graph.create(givenName=str(n), personalNotes="note")["id"] for n in range(10)]


def test_round_goes_on_past_an_empty_page(graph, ten):
    """Trap 19: a page without rows carries a nextLink, and more rows follow it."""
    rows, _, pages = graph.round(DELTA, **SMALL)
    empty = [at for at, page in enumerate(pages) if not page["value"]]
    assert empty and all("@odata.nextLink" in pages[at] for at in empty)
    assert any(page["value"] for page in pages[empty[0] + 1 :])
    assert {row["id"] for row in rows} == set(ten)


def test_rows_repeat_and_are_out_of_order(graph, ten):
    """One round gives an item more than once and not in order of change; the last row of an item holds."""
    rows, _, _ = graph.round(DELTA, **SMALL)
    ids = [row["id"] for row in rows]
    assert len(ids) > len(set(ids)) and list(dict.fromkeys(ids)) != ten
    first = graph.get(DELTA, **SMALL)
    graph.patch(first["value"][0]["id"], jobTitle="late")
    rows, _, _ = graph.round(first["@odata.nextLink"], **SMALL)
    again = [row for row in rows if row["id"] == first["value"][0]["id"]]
    assert again[-1]["jobTitle"] == "late"


def test_changes_during_a_round_are_not_lost(graph, ten):
    """What is created, changed or deleted while a round is walked comes in this round or the next."""
    first = graph.get(DELTA, **SMALL)
    new = graph.create(givenName="new")["id"]
    graph("DELETE", f"/me/contacts/{first['value'][0]['id']}")
    rows, link, _ = graph.round(first["@odata.nextLink"], **SMALL)
    rows += graph.round(link)[0]
    assert new in [row["id"] for row in rows]
    gone = [row for row in rows if row["id"] == first["value"][0]["id"]]
    assert gone[-1]["@removed"] == {"reason": "deleted"}


def test_top_ends_the_round_early(graph, ten):
    """Trap 17: `$top` caps what a round gives in all; the rest never comes."""
    rows, link, pages = graph.round(f"{DELTA}?$top=4")
    assert (len(rows), len(pages)) == (4, 1)
    assert graph.round(link)[0] == []


def test_page_size_comes_from_the_preference(graph, ten):
    """`Prefer: odata.maxpagesize` sets the page size and loses nothing."""
    page = graph.get(DELTA, **SMALL)
    assert len(page["value"]) == 3 and "@odata.nextLink" in page
    assert len(graph.get(DELTA)["value"]) == 10


def test_select_is_fixed_by_the_first_request(graph, ten):
    """`$select` of the first request holds for the round and the rounds after it; id is always there."""
    rows, link, _ = graph.round(f"{DELTA}?$select=givenName")
    assert all(row.keys() == {"@odata.etag", "id", "givenName"} for row in rows)
    graph.patch(ten[0], jobTitle="CEO")
    assert graph.round(link)[0][0].keys() == {"@odata.etag", "id", "givenName"}
    assert graph("GET", link + "&$select=jobTitle").status_code == 400


@pytest.mark.parametrize(
    "change", [unquote, lambda link: link.replace("%", "%25"), lambda link: link[:-9] + "AAAAAA%3D"]
)
def test_links_that_were_encoded_anew_are_refused(graph, ten, change):
    """Trap 16: a link that was decoded, encoded again or altered is not understood."""
    _, link, _ = graph.round(DELTA)
    assert graph("GET", change(link)).status_code == 400
    assert graph("GET", link).status_code == 200


def test_removed_rows_carry_id_and_reason_only(graph, ten):
    """A deleted contact comes as its id and `@removed`, nothing else."""
    _, link, _ = graph.round(DELTA)
    graph("DELETE", f"/me/contacts/{ten[3]}")
    assert graph.round(link)[0] == [{"id": ten[3], "@removed": {"reason": "deleted"}}]


def test_move_is_a_removal_here_and_a_creation_there(graph, control, ten):
    """A moved contact is told as removed in one folder and as a full row, same immutable id, in the other."""
    there = f"/me/contactFolders/{graph.folder('Family')}/contacts/delta"
    (_, here_link, _), (_, there_link, _) = graph.round(DELTA), graph.round(there)
    control.move_contact(ANN, ten[0], "Family")
    assert graph.round(here_link)[0] == [{"id": ten[0], "@removed": {"reason": "deleted"}}]
    (arrived,) = graph.round(there_link)[0]
    assert (arrived["id"], arrived["givenName"]) == (ten[0], "0")
    assert graph("GET", f"/me/contacts/{ten[0]}").status_code == 200


def test_extended_properties_are_not_in_delta_rows(graph):
    """Extended properties don't come by delta, even when `$expand` asks for them."""
    mark = "String {6f2a3c1e-5b1d-4c57-9a3e-0d4b7f1c2a90} Name Mark"
    graph.create(givenName="A", singleValueExtendedProperties=[{"id": mark, "value": "7"}])
    expand = f"$expand=singleValueExtendedProperties($filter=id eq '{mark}')"
    (row,) = graph.round(f"{DELTA}?{expand}")[0]
    assert "singleValueExtendedProperties" not in row


@pytest.mark.parametrize(
    ("status", "code"),
    [(410, "SyncStateNotFound"), (400, "SyncStateInvalid"), (404, "syncStateNotFound"), (410, "resyncRequired")],
)
def test_expired_token_is_answered_in_several_forms(graph, control, ten, status, code):
    """Trap 18: an expired link is 410, sometimes 400 or 404, under several codes; a new round gives everything."""
    _, link, _ = graph.round(DELTA)
    control.expire_delta_tokens(ANN)
    control.set_behaviour(delta_expired_status=status, delta_expired_code=code)
    answer = graph("GET", link)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers["Location"].startswith(graph.base)
    assert {row["id"] for row in graph.round(DELTA)[0]} == set(ten)


def test_token_expires_in_the_middle_of_a_round(graph, control, ten):
    """Trap 18: a nextLink can expire too, when only a part of the rows has been seen."""
    first = graph.get(DELTA, **SMALL)
    control.expire_delta_tokens()
    assert graph("GET", first["@odata.nextLink"]).status_code == 410


def test_token_expires_by_time(graph, control, ten):
    """Trap 18: after a long pause a link is no longer known."""
    control.set_behaviour(delta_token_life=3600.0, access_token_life=10**6)
    graph.session.headers["Authorization"] = f"Bearer {control.token(ANN)['access_token']}"
    _, link, _ = graph.round(DELTA)
    control.set_clock(advance=3500)
    assert graph("GET", link).status_code == 200
    control.set_clock(advance=200)
    assert graph("GET", link).status_code == 410


def test_replayed_link_gives_the_same_changes(graph, ten):
    """A link may be used again and tells the same changes."""
    _, link, _ = graph.round(DELTA)
    graph.patch(ten[0], jobTitle="CEO")
    assert graph.round(link)[0] == graph.round(link)[0] != []


def test_links_serve_both_kinds_of_id(graph, ten):
    """A link got with classic ids works with immutable ids; each request's header decides."""
    _, link, _ = graph.round(DELTA, Prefer="odata.maxpagesize=50")
    graph.patch(ten[0], jobTitle="CEO")
    assert graph.round(link)[0][0]["id"] == ten[0]
    assert len(graph.round(link, Prefer="odata.maxpagesize=50")[0][0]["id"]) > 140


@pytest.mark.parametrize("path", ["/me/contacts/delta", "/me/contacts/delta()", DELTA])
def test_delta_forms_of_the_default_folder(graph, ten, path):
    """The default folder's changes are served under `/me/contacts/delta`, with or without brackets, and by folder."""
    assert {row["id"] for row in graph.round(path)[0]} == set(ten)


@pytest.mark.parametrize("option", ["$filter=givenName eq 'a'", "$orderby=givenName", "$search=a", "$skip=1"])
def test_delta_refuses_other_options(graph, option):
    """Options other than `$select` and `$top` are refused."""
    assert graph("GET", f"{DELTA}?{option}").status_code == 400


def test_folder_delta_tells_of_new_renamed_and_deleted_folders(graph, control):
    """Folders have a delta of their own, the nested ones included and the default one not."""
    rows, link, _ = graph.round("/me/contactFolders/delta")
    assert sorted(row["displayName"] for row in rows) == ["Clients", "Family", "North"]
    family = graph.folder("Family")
    control.create_folder(ANN, "New")
    control.rename_folder(ANN, "Clients/North", "South")
    control.delete_folder(ANN, "Family")
    rows, link, _ = graph.round(link)
    assert {row["id"]: row.get("displayName") for row in rows}[family] is None
    assert {row.get("displayName") for row in rows} == {"New", "South", None}
    assert graph.round(link)[0] == []
    below = f"/me/contactFolders/{graph.folder('Clients')}/childFolders/delta"
    assert [row["displayName"] for row in graph.round(below)[0]] == ["South"]


def test_delta_of_a_deleted_folder_is_not_an_empty_one(graph, control):
    """The delta link of a folder that is gone answers 404, and the contacts that were in it are gone too."""
    folder = graph.folder("Family")
    made = graph.create(f"/me/contactFolders/{folder}/contacts", givenName="A")
    _, link, _ = graph.round(f"/me/contactFolders/{folder}/contacts/delta")
    control.delete_folder(ANN, "Family")
    answer = graph("GET", link)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ErrorSyncFolderNotFound")
    assert graph("GET", f"/me/contacts/{made['id']}").status_code == 404


def test_link_of_another_folder_is_refused(graph, ten):
    """A token belongs to its folder; on another folder's address it is not understood."""
    _, link, _ = graph.round(DELTA)
    token = link.partition("?")[2]
    assert graph("GET", f"/me/contactFolders/{graph.folder('Family')}/contacts/delta?{token}").status_code == 400


def test_first_round_tells_of_no_removals(graph, ten):
    """A round from the beginning lists what is there and not what was deleted before."""
    graph("DELETE", f"/me/contacts/{ten[0]}")
    rows, _, _ = graph.round(DELTA)
    assert {row["id"] for row in rows} == set(ten[1:]) and not any("@removed" in row for row in rows)
