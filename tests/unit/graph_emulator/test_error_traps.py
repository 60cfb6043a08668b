"""Traps of errors, headers and who may read what, by plain HTTP."""

import pytest

ANN, BOB = "ann@firm.example", "bob@firm.example"


def error(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_error_body_and_headers(graph):
    """An error has a code, a message and an innerError with ids; the client's request id is echoed."""
    answer = graph("GET", "/me/contacts/" + "x" * 72, client_request_id="my-id")
    inner = answer.json()["error"]["innerError"]
    assert answer.headers["client-request-id"] == inner["client-request-id"] == "my-id"
    assert answer.headers["request-id"] == inner["request-id"]
    assert all(name in answer.headers for name in ("Date", "x-ms-ags-diagnostic"))


def test_error_code_may_be_empty_and_inner_error_spelled_otherwise(graph, control):
    """The code of an error may be an empty text and the inner member may be spelled `innererror`."""
    control.set_behaviour(error_code_empty=True, innererror_lower_case=True)
    body = graph("GET", "/me/contacts/" + "x" * 72).json()["error"]
    assert body["code"] == "" and "innererror" in body and "innerError" not in body


def test_unknown_and_expired_access_tokens(graph, control):
    """Without a good token every call is 401, a batch as a whole too."""
    for header in ("", "Bearer nonsense", "Basic abc"):
        assert error(graph("GET", "/me", Authorization=header)) == (401, "InvalidAuthenticationToken")
    control.expire_access_tokens(ANN)
    assert graph("GET", "/me").status_code == 401
    assert graph.batch({"id": "1", "method": "GET", "url": "/me"}).status_code == 401


def test_access_token_ends_with_its_life(graph, control):
    """An access token stops working after the seconds that the response named."""
    control.set_clock(advance=3601)
    assert graph("GET", "/me").status_code == 401


@pytest.mark.parametrize(
    ("scopes", "method", "path", "status"),
    [
        (["User.Read"], "GET", "/me", 200),
        (["User.Read"], "GET", "/me/contacts", 403),
        (["Contacts.Read"], "GET", "/me/contacts", 200),
        (["Contacts.Read"], "POST", "/me/contacts", 403),
        (["Contacts.ReadWrite"], "POST", "/me/contacts", 201),
        (["Contacts.ReadWrite"], "GET", "/me/mailboxSettings", 403),
        (["MailboxSettings.Read"], "GET", "/me/mailboxSettings", 200),
    ],
)
def test_scopes_are_checked(graph, control, scopes, method, path, status):
    """A call whose scope was not granted is 403, which doesn't mean that anything is gone."""
    token = control.token(ANN, scopes)["access_token"]
    body = {"givenName": "A"} if method == "POST" else None
    assert graph(method, path, body, Authorization=f"Bearer {token}").status_code == status


def test_other_mailboxes_are_barred(graph, control):
    """Another user's mailbox is 403, an unknown or foreign one 404, one's own is served by id and by name."""
    me = graph.get("/me")
    for name in (me["id"], ANN, ANN.upper()):
        assert graph.get(f"/users/{name}/contacts")["value"] == []
    assert error(graph("GET", f"/users/{BOB}/contacts")) == (403, "ErrorAccessDenied")
    assert error(graph("GET", "/users/eve@elsewhere.example/contacts")) == (404, "Request_ResourceNotFound")
    made = control.create_contact(BOB, {"givenName": "Bob's"})
    assert error(graph("GET", f"/me/contacts/{made['id']}")) == (404, "ErrorItemNotFound")


def test_lost_mailbox_is_404_with_a_code_of_its_own(graph, control):
    """A mailbox that is not there answers 404 on everything, with a code that tells it from a deleted item."""
    made = graph.create(givenName="A")
    control.enable_mailbox(ANN, False)
    for path in ("/me/contacts", f"/me/contacts/{made['id']}", "/me/contactFolders/delta", "/me/mailboxSettings"):
        assert error(graph("GET", path)) == (404, "MailboxNotEnabledForRESTAPI")
    assert graph("GET", "/me").status_code == 200
    control.enable_mailbox(ANN, True)
    assert graph.get(f"/me/contacts/{made['id']}")["givenName"] == "A"


def test_malformed_requests(graph):
    """Mangled ids, segments that lead nowhere, bodies that aren't JSON and wrong types are refused with 4xx."""
    assert error(graph("GET", "/me/contacts/abc")) == (400, "ErrorInvalidIdMalformed")
    assert graph("GET", "/me/nonsense").status_code == 400
    raw = graph.session.post(graph.base + "/me/contacts", data=b"{", headers={"Content-Type": "application/json"})
    assert raw.status_code == 400
    assert graph.session.post(graph.base + "/me/contacts", data=b"{}").status_code == 415
    for wrong in ({"givenName": 1}, {"businessPhones": "1"}, {"emailAddresses": [{"name": "N"}]}, {"birthday": "soon"}):
        assert graph("POST", "/me/contacts", wrong).status_code == 400
    assert graph("PUT", "/me/contacts", {}).status_code == 405


def test_mailbox_settings_name_the_zone(graph):
    """The mailbox's time zone is a Windows name."""
    assert graph.get("/me/mailboxSettings")["timeZone"] == "GMT Standard Time"


def test_lone_surrogates_and_emoji_come_back_as_sent(graph):
    """Text is kept character by character."""
    made = graph.create(givenName="Zoë 👩‍🚀", personalNotes="broken \ud83d half")
    assert graph.get(f"/me/contacts/{made['id']}")["personalNotes"] == "broken \ud83d half"
    assert made["displayName"] == "Zoë 👩‍🚀"
