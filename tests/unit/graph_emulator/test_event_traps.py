"""Traps of reading and writing single events and calendars, by plain HTTP."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from graph_events import MARK, WINDOW, by_mark, marked, people, single, span, weekly

ANN, BOB = "ann@firm.example", "bob@firm.example"
EXPAND = f"$expand=singleValueExtendedProperties($filter=id eq '{MARK}')"
TEXT = {"Prefer": 'IdType="ImmutableId", outlook.body-content-type="text"'}


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_transaction_id_is_returned_only_if_set(graph):
    """A transactionId comes back when it was sent, and isn't there at all otherwise."""
    assert graph.event(**single(transactionId="t-1"))["transactionId"] == "t-1"
    assert "transactionId" not in graph.event(**single())


def test_transaction_id_on_patch_is_an_error(graph):
    """Trap 8: a PATCH with a transactionId is ErrorInvalidRequest, even with the same one, and changes nothing."""
    made = graph.event(**single(transactionId="t-1"))
    answer = graph("PATCH", f"/me/events/{made['id']}", {"subject": "x", "transactionId": "t-1"})
    assert code(answer) == (400, "ErrorInvalidRequest")
    assert graph.get(f"/me/events/{made['id']}")["subject"] == "Call"


def test_repeated_post_is_answered_in_three_ways(graph, control):
    """Trap 9: a second POST with one transactionId is 409, or 400 with the id, or quietly the first event."""
    body = single(attendees=people(BOB), transactionId="t-1")
    first = graph.event(**body)
    assert code(graph("POST", "/me/events", body)) == (409, "ErrorDuplicateTransactionId")
    control.set_behaviour(transaction_repeat="bad_request")
    answer = graph("POST", "/me/events", body)
    assert code(answer) == (400, "ErrorDuplicateTransactionId")
    assert answer.json()["error"]["@event.existingEventId"] == first["id"]
    control.set_behaviour(transaction_repeat="same")
    again = graph("POST", "/me/events", {**body, "subject": "Other"})
    assert (again.status_code, again.json()) == (201, first)
    assert (len(graph.get("/me/events")["value"]), control.totals().mails) == (1, 1)


def test_retried_post_without_transaction_id_makes_a_duplicate(graph, control):
    """Trap 7: a POST whose answer was lost and that is sent again makes a second event, and mails again."""
    control.add_rule({"kind": "drop_answer"}, method="POST", path="/events$")
    body = single(attendees=people(BOB))
    with pytest.raises(OSError):
        graph("POST", "/me/events", body)
    graph.event(**body)
    assert (len(graph.get("/me/events")["value"]), control.totals().mails) == (2, 2)


def test_lost_creation_is_found_by_its_mark(graph, control):
    """Trap 7: after a lost answer, the event is found by its extended property on `/events`."""
    control.add_rule({"kind": "drop_answer"}, method="POST", path="/events$")
    with pytest.raises(OSError):
        graph("POST", "/me/events", weekly(singleValueExtendedProperties=marked("crm-7")))
    (found,) = graph.get(f"/me/events?{by_mark('CRM-7')}&{EXPAND}")["value"]
    assert (found["type"], found["singleValueExtendedProperties"]) == ("seriesMaster", marked("crm-7"))
    assert graph.get(f"/me/events?{by_mark('crm-8')}")["value"] == []
    assert graph("GET", f"/me/calendarView?{WINDOW}&{by_mark('crm-7')}").status_code == 400


def test_copied_event_carries_the_mark(graph, control):
    """Trap 26 for events: an event that a person copies has the same extended property, another id and uid."""
    made = graph.event(**single(attendees=people(BOB), singleValueExtendedProperties=marked("7")))
    copy = control.calendar.copy(ANN, made["id"])
    assert {row["id"] for row in graph.get(f"/me/events?{by_mark('7')}")["value"]} == {made["id"], copy["id"]}
    assert (copy["iCalUId"] != made["iCalUId"], copy["attendees"]) == (True, [])
    assert control.totals().mails == 1


def test_mark_does_not_reach_the_attendees_copy(graph, bob):
    """An organiser's extended properties stay in that mailbox."""
    graph.event(**single(attendees=people(BOB), singleValueExtendedProperties=marked("7")))
    assert bob.get(f"/me/events?{by_mark('7')}")["value"] == []


def test_mark_is_changed_and_removed(graph):
    """An extended property is read by `$expand` only, changed by PATCH, removed by null, shortened in lists."""
    made = graph.event(**single(singleValueExtendedProperties=marked("x" * 5000)))
    path = f"/me/events/{made['id']}"
    assert "singleValueExtendedProperties" not in {**made, **graph.get(path)}
    assert graph.get(f"{path}?{EXPAND}")["singleValueExtendedProperties"] == marked("x" * 5000)
    (row,) = graph.get(f"/me/events?{EXPAND}")["value"]
    assert len(row["singleValueExtendedProperties"][0]["value"]) < 5000
    graph.change(made["id"], singleValueExtendedProperties=marked(None))
    assert "singleValueExtendedProperties" not in graph.get(f"{path}?{EXPAND}")
    assert graph("GET", f"{path}?$expand=singleValueExtendedProperties").status_code == 400


def test_if_match_counts_on_patch_and_not_on_delete(graph):
    """Trap 27: a stale etag stops a PATCH with 412 and nothing written, and doesn't stop a DELETE."""
    made = graph.event(**single())
    path, stale = f"/me/events/{made['id']}", made["@odata.etag"]
    assert stale == f'W/"{made["changeKey"]}"'
    assert graph("PATCH", path, {"subject": "A"}, If_Match=stale).status_code == 200
    assert code(graph("PATCH", path, {"subject": "B"}, If_Match=stale)) == (412, "ErrorIrresolvableConflict")
    assert graph.get(path)["subject"] == "A"
    assert graph("DELETE", path, If_Match=stale).status_code == 204


def test_every_write_moves_the_etag(graph):
    """A PATCH that changes nothing gives another etag all the same."""
    made = graph.event(**single())
    assert graph.change(made["id"], subject=made["subject"])["@odata.etag"] != made["@odata.etag"]


def test_ids_are_immutable_only_when_asked_for(graph, control):
    """Without the preference ids are long and change when the event moves; immutable ones stay, calendar ids too."""
    graph.create("/me/calendars", name="Other")
    made = graph.event(**weekly())
    plain = {"Prefer": "odata.maxpagesize=5"}
    (before,) = graph.get("/me/events", **plain)["value"]
    assert (len(made["id"]), len(before["id"]) > 140) == (72, True)
    control.calendar.move(ANN, made["id"], "Other")
    after = graph.get(f"/me/events/{made['id']}", **plain)
    assert after["id"] != before["id"]
    assert graph("GET", f"/me/events/{before['id']}").status_code == 404
    assert graph.get(f"/me/events/{after['id']}")["id"] == made["id"]
    assert graph.get("/me/events")["value"] == []
    occurrence = graph.get(f"/me/events/{after['id']}/instances?{WINDOW}", **plain)["value"][0]
    assert occurrence["seriesMasterId"] == after["id"]
    assert graph.get(f"/me/events/{occurrence['id']}")["type"] == "occurrence"


def test_mangled_and_foreign_ids(graph, bob):
    """A text that is no id is 400; an id of another mailbox, of a contact, or with a letter's case changed is 404."""
    made, contact = graph.event(**single()), graph.create(givenName="A")
    assert code(graph("GET", "/me/events/nonsense")) == (400, "ErrorInvalidIdMalformed")
    assert code(bob("GET", f"/me/events/{made['id']}")) == (404, "ErrorItemNotFound")
    assert graph("GET", f"/me/events/{contact['id']}").status_code == 404
    assert graph("GET", f"/me/events/{made['id'].swapcase()}").status_code == 404
    assert graph("GET", f"/me/contacts/{made['id']}").status_code == 404


def test_soft_and_permanent_delete(graph, control):
    """DELETE leaves the event in Deleted Items, where a person can take it back; permanentDelete doesn't."""
    soft, hard = graph.event(**single()), graph.event(**single())
    graph("DELETE", f"/me/events/{soft['id']}")
    assert graph("POST", f"/me/events/{hard['id']}/permanentDelete").status_code == 204
    assert [row["id"] for row in control.calendar.deleted(ANN)] == [soft["id"]]
    for gone in (soft, hard):
        assert code(graph("GET", f"/me/events/{gone['id']}")) == (404, "ErrorItemNotFound")
    control.set_behaviour(deleted_items_readable=True)
    assert graph("GET", f"/me/events/{soft['id']}").status_code == 200
    assert graph("PATCH", f"/me/events/{soft['id']}", {"subject": "x"}).status_code == 404
    control.calendar.restore(ANN, soft["id"])
    assert graph.view()[0]["id"] == soft["id"]


def test_body_patch_kills_the_join_link(graph):
    """Trap 11: a body written without the join block takes the online meeting away; one that keeps it doesn't."""
    made = graph.event(**single(isOnlineMeeting=True, body={"contentType": "html", "content": "<p>Agenda</p>"}))
    url = made["onlineMeeting"]["joinUrl"]
    assert (made["onlineMeetingProvider"], url in made["body"]["content"]) == ("teamsForBusiness", True)
    kept = graph.change(made["id"], body={**made["body"], "content": made["body"]["content"].replace("Agenda", "New")})
    assert (kept["isOnlineMeeting"], kept["onlineMeeting"]["joinUrl"]) == (True, url)
    assert graph.change(made["id"], subject="Other")["onlineMeeting"]["joinUrl"] == url
    lost = graph.change(made["id"], body={"contentType": "text", "content": "Agenda"})
    assert (lost["isOnlineMeeting"], lost["onlineMeeting"], url in lost["body"]["content"]) == (False, None, False)


def test_online_meeting_can_not_be_reset(graph):
    """Once an event is an online meeting, writing isOnlineMeeting false or another provider has no effect."""
    made = graph.event(**single())
    online = graph.change(made["id"], isOnlineMeeting=True)
    after = graph.change(made["id"], isOnlineMeeting=False, onlineMeetingProvider="skypeForBusiness")
    assert (after["isOnlineMeeting"], after["onlineMeeting"]) == (True, online["onlineMeeting"])
    assert after["onlineMeetingProvider"] == "teamsForBusiness"


def test_body_comes_as_html_unless_text_is_asked_for(graph):
    """A text body is read as an HTML page by default and as itself on request; HTML is read as text on request."""
    plain = graph.event(**single(body={"contentType": "text", "content": "a < b\r\nsecond"}))
    assert plain["body"]["contentType"] == "html"
    assert "a &lt; b<br>" in plain["body"]["content"]
    as_text = graph("GET", f"/me/events/{plain['id']}", **TEXT)
    assert as_text.json()["body"] == {"contentType": "text", "content": "a < b\r\nsecond"}
    assert "outlook.body-content-type" in as_text.headers["Preference-Applied"]
    page = graph.event(**single(body={"contentType": "html", "content": "<p>One &amp; <b>two</b></p><p>three</p>"}))
    assert page["bodyPreview"] == "One & two\r\nthree"
    assert graph.get(f"/me/events/{page['id']}", **TEXT)["body"]["content"] == "One & two\r\nthree"
    assert page["body"]["content"].startswith("<html><head>")


def test_location_drops_the_other_locations(graph):
    """`location` and `locations` mirror each other, and writing `location` discards all former locations."""
    made = graph.event(**single(locations=[{"displayName": "Hall"}, {"displayName": "Cellar"}]))
    assert made["location"]["displayName"] == "Hall"
    after = graph.change(made["id"], location={"displayName": "Roof"})
    assert [row["displayName"] for row in after["locations"]] == ["Roof"]


def test_read_only_members_are_ignored_and_unknown_ones_refused(graph):
    """iCalUId, organizer, isCancelled and the like have no effect when written; a member events don't have is 400."""
    made = graph.event(**single(iCalUId="mine", isCancelled=True, isOrganizer=False, organizer={}, type="occurrence"))
    assert (made["iCalUId"] != "mine", made["isCancelled"], made["isOrganizer"]) == (True, False, True)
    for wrong in ({"uid": "x"}, {"showAs": "away"}, {"sensitivity": None}, {"isReminderOn": "yes"}, {"subject": 5}):
        assert graph("PATCH", f"/me/events/{made['id']}", wrong).status_code == 400


def test_select_on_plain_reads(graph):
    """`$select` works on reads, lists and views, id and etag are always there; stamps can't be selected in a view."""
    made = graph.event(**single())
    names = {"@odata.etag", "id", "subject", "lastModifiedDateTime"}
    query = "$select=subject,lastModifiedDateTime"
    assert graph.get(f"/me/events/{made['id']}?{query}").keys() == names
    assert graph.get(f"/me/events?{query}")["value"][0].keys() == names
    assert graph.get(f"/me/calendarView?{WINDOW}&{query}")["value"][0].keys() == names - {"lastModifiedDateTime"}
    for option in ("$filter=subject eq 'x'", "$orderby=subject", "$search=x", "$count=true"):
        assert graph("GET", f"/me/events?{option}").status_code == 400


def test_lists_and_views_are_paged(graph):
    """Ten rows a page, or as `$top` or the preference says; pages of a view go on in order of time."""
    graph.event(**weekly(count=8))
    for day in range(1, 8):
        graph.event(**single(day=f"2026-11-2{day}"))
    first = graph.get(f"/me/calendarView?{WINDOW}")
    rest = graph.get(first["@odata.nextLink"])
    rows = [*first["value"], *rest["value"]]
    assert (len(first["value"]), len(rest["value"]), "@odata.nextLink" in rest) == (10, 5, False)
    assert [row["start"]["dateTime"] for row in rows] == sorted(row["start"]["dateTime"] for row in rows)
    assert len(graph.get("/me/events?$top=3")["value"]) == 3
    assert len(graph.get("/me/events", Prefer="odata.maxpagesize=4")["value"]) == 4


def test_calendars_are_made_renamed_listed_and_deleted(graph):
    """A mailbox has one default calendar, reached by `/me/calendar`; others are made, renamed and deleted."""
    other = graph.create("/me/calendars", name="Other")
    assert code(graph("POST", "/me/calendars", {"name": "Other"})) == (409, "ErrorFolderExists")
    listed = graph.get("/me/calendars")["value"]
    assert [(row["name"], row["isDefaultCalendar"]) for row in listed] == [("Calendar", True), ("Other", False)]
    assert graph.get("/me/calendar")["id"] == listed[0]["id"]
    assert listed[0]["owner"] == {"name": "ann", "address": ANN}
    assert graph("PATCH", f"/me/calendars/{other['id']}", {"name": "Third"}).json()["name"] == "Third"
    made = graph.event(f"/me/calendars/{other['id']}/events", **single())
    assert graph.get("/me/events")["value"] == graph.get("/me/calendar/events")["value"] == graph.view()
    assert graph.get(f"/me/events/{made['id']}")["subject"] == "Call"
    assert graph("GET", f"/me/calendar/events/{made['id']}").status_code == 404
    assert len(graph.get(f"/me/calendars/{other['id']}/calendarView?{WINDOW}")["value"]) == 1
    assert graph("DELETE", f"/me/calendars/{listed[0]['id']}").status_code == 403
    assert graph("DELETE", f"/me/calendars/{other['id']}").status_code == 204
    assert graph("GET", f"/me/events/{made['id']}").status_code == 404


def test_scopes_and_paths(graph, control, server):
    """Reading needs Calendars.Read, writing Calendars.ReadWrite; unknown segments and methods are refused."""
    graph.session.headers["Authorization"] = "Bearer " + str(control.token(ANN, ["Calendars.Read"])["access_token"])
    assert graph("GET", "/me/events").status_code == 200
    assert graph("POST", "/me/events", single()).status_code == 403
    graph.session.headers["Authorization"] = "Bearer " + str(control.token(ANN, ["Contacts.ReadWrite"])["access_token"])
    assert graph("GET", "/me/calendars").status_code == 403


def test_paths_that_lead_nowhere(graph):
    """Unbounded event deltas, unknown actions and wrong methods are refused."""
    made = graph.event(**single())
    for method, path, status in (
        ("GET", "/me/events/delta", 400),
        ("POST", f"/me/events/{made['id']}/forward", 400),
        ("PUT", f"/me/events/{made['id']}", 405),
        ("DELETE", "/me/calendarView", 405),
        ("GET", f"/me/events/{made['id']}/attachments", 400),
        ("GET", "/me/calendar/groups", 400),
    ):
        assert graph(method, path).status_code == status, path


def test_missing_mailbox_is_404_and_says_so(graph, control):
    """A mailbox that was taken away answers 404 with a code of its own, for calendars too."""
    control.enable_mailbox(ANN, False)
    assert code(graph("GET", "/me/calendarView/delta")) == (404, "MailboxNotEnabledForRESTAPI")
    control.enable_mailbox(ANN, True)


def test_calendar_calls_share_the_mailboxs_limits(graph, control):
    """Trap 36: the fifth call at a time on one mailbox is refused, whichever of contacts and calendar it is for."""
    control.set_behaviour(latency=0.3, mailbox_concurrency_status=503)
    paths = [f"/me/calendarView?{WINDOW}"] * 3 + ["/me/contacts"] * 3
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda path: graph("GET", path), paths))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 503, 503]
    assert {answer.headers.get("Retry-After") for answer in answers} == {None, "1"}


def test_raced_creations_meet_at_a_barrier(graph, control):
    """Two POSTs with one transactionId that run at the same time make one event."""
    control.hold("POST", "/events$", 2)
    body = single(transactionId="t-1")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: graph("POST", "/me/events", body), range(2)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert len(graph.view()) == 1


def test_event_without_length_lies_where_it_begins(graph):
    """Zero-length events are fine and lie in the span that begins with them."""
    made = graph.event(**{**single(), **span("2026-12-01", "09:00", until="09:00")})
    assert made["start"] == made["end"]
    path = "/me/calendarView?startDateTime=2026-12-01T09:00:00Z&endDateTime=2026-12-01T10:00:00Z"
    assert [row["id"] for row in graph.get(path)["value"]] == [made["id"]]
