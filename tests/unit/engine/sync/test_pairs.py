"""What becomes of pairs, scenario by scenario, on the in-memory double with the shipped contact rules."""

from __future__ import annotations

import pytest
from memory_world import CONTACTS, World, compiled
from msgspec import structs

from engine.plans import Action
from engine.records import Record, Reference, Value
from engine.sync import pipeline
from engine.sync.guard import DEFAULT_LIMITS


def only(records: list[Record]) -> Record:
    [record] = records
    return record


def quiet(world: World, *users: str) -> None:
    """Nothing is left to write for anybody."""
    for user in users or ("anna",):
        plan = world.plan(user)
        assert plan.empty, [(a.verb, a.side, a.klass, a.changes) for a in plan.actions]


def addresses(card: Record) -> list[Value]:
    held = card.values["emailAddresses"]
    return [element[0] for element in held if isinstance(element, tuple)] if isinstance(held, tuple) else []


def test_a_crm_contact_is_made_in_outlook(world: World) -> None:
    """Every field both sides hold arrives, and the second plan is empty."""
    world.person(
        firstname="Zoë", lastname="Brontë", email="zoe@mill.example", email2="z@home.example", phone="020 7946 0001",
        mailing=("1 High St", "Leeds", None, "LS1", "UK"), birthday="1980-05-01", description="line one\nline two",
    )  # fmt: skip
    world.sync()
    card = only(world.cards())
    assert card.values["givenName"] == "Zoë"
    assert addresses(card) == ["zoe@mill.example", "z@home.example"]
    assert card.values["businessPhones"] == ("020 7946 0001",)
    assert card.values["businessAddress"] == ("1 High St", "Leeds", None, "LS1", "UK")
    assert card.values["birthday"] == "1980-05-01"
    quiet(world)


def test_an_outlook_contact_is_made_in_the_crm(world: World) -> None:
    """The user who meets it first owns it, it is ticked, and its company is found or made by name."""
    world.card(givenName="Ann", surname="Lee", companyName="Mill Ltd", emails=("ann@mill.example",))
    world.sync()
    person = only(world.people())
    assert person.values["assigned_user_id"] == "anna"
    assert person.values["includeinsync"] is True
    assert isinstance(person.values["accountid"], Reference) and person.values["accountid"].name == "Mill Ltd"
    quiet(world)


def test_edits_of_different_fields_on_both_sides_survive(world: World) -> None:
    """Three-way by field: each side's edit reaches the other."""
    person = world.person(firstname="Ann", lastname="Lee", email="ann@mill.example")
    world.sync()
    world.crm.change("Contact", person.id, {"mobile": "07700 900001"})
    world.edit_card(only(world.cards()).id, jobTitle="Buyer")
    world.sync()
    assert only(world.cards()).values["mobilePhone"] == "07700 900001"
    assert only(world.people()).values["title"] == "Buyer"
    quiet(world)


@pytest.mark.parametrize(("rule", "kept"), [("crm", "from the CRM"), ("m365", "from Outlook")])
def test_the_conflict_rule_decides_one_field(world: World, rule: str, kept: str) -> None:
    """The loser's value is overwritten, counted as such and kept in the journal."""
    world.settings["conflict"] = rule
    person = world.person(firstname="Ann", lastname="Lee", title="Clerk")
    world.sync()
    world.crm.change("Contact", person.id, {"title": "from the CRM"})
    world.edit_card(only(world.cards()).id, jobTitle="from Outlook")
    report = world.sync()
    assert only(world.people()).values["title"] == only(world.cards()).values["jobTitle"] == kept
    assert [action.klass for action in report.plan.actions] == ["overwrite"]
    quiet(world)


def test_newest_wins(world: World) -> None:
    """With ``newest`` the later edit counts when it is later by more than the clock tolerance."""
    world.settings["conflict"] = "newest"
    person = world.person(firstname="Ann", lastname="Lee", title="Clerk")
    world.sync()
    world.crm.change("Contact", person.id, {"title": "older"})
    world.edit_card(only(world.cards()).id, jobTitle="newer")
    row = next(iter(world.m365.area("contact", "mailbox-anna").values()))
    row.record = structs.replace(row.record, modified=(row.record.modified or 0) + 60_000)
    world.sync()
    assert only(world.people()).values["title"] == "newer"
    quiet(world)


def test_deleted_in_the_crm_is_removed_from_outlook(world: World) -> None:
    """Removed at the next tick, with what was deleted kept in the action."""
    person = world.person(firstname="Ann", lastname="Lee")
    world.sync()
    world.crm.remove("Contact", person.id)
    report = world.sync()
    assert world.cards() == []
    [action] = report.plan.actions
    assert (action.verb, action.side) == ("delete", "m365")
    assert "Ann" in [change.before for change in action.changes]
    quiet(world)


def test_deleted_in_outlook_is_written_again(world: World) -> None:
    """The shipped policy recreates."""
    world.person(firstname="Ann", lastname="Lee")
    world.sync()
    world.m365.remove("contact", only(world.cards()).id, "mailbox-anna")
    report = world.sync()
    assert [action.klass for action in report.plan.actions] == ["recreate"]
    assert only(world.cards()).values["givenName"] == "Ann"
    quiet(world)


@pytest.mark.parametrize(("policy", "people"), [("delete in crm", 0), ("stop syncing", 1)])
def test_a_rule_line_changes_what_a_deletion_in_outlook_does(policy: str, people: int) -> None:
    """Propagate it, or keep the CRM record and unlink."""
    changed = CONTACTS.replace("recreate in m365", policy)
    assert changed != CONTACTS
    world = World(compiled(changed))
    world.person(firstname="Ann", lastname="Lee")
    world.sync()
    world.m365.remove("contact", only(world.cards()).id, "mailbox-anna")
    world.sync()
    assert (len(world.people()), world.cards()) == (people, [])
    quiet(world)
    world.sync(everything=True)
    assert (len(world.people()), world.cards()) == (people, [])


def test_a_reassigned_contact_leaves_its_former_owners_outlook(world: World) -> None:
    """The new owner gets it, and giving it back brings it back."""
    person = world.person(firstname="Ann", lastname="Lee")
    world.sync("anna")
    world.crm.change("Contact", person.id, {"assigned_user_id": "ben"})
    world.sync("anna")
    world.sync("ben")
    assert (len(world.cards("anna")), len(world.cards("ben"))) == (0, 1)
    world.crm.change("Contact", person.id, {"assigned_user_id": "anna"})
    world.sync("anna")
    world.sync("ben")
    assert (len(world.cards("anna")), len(world.cards("ben"))) == (1, 0)
    quiet(world, "anna", "ben")


def test_a_narrower_setting_deletes_nothing(world: World) -> None:
    """A colleague's contact falls asleep where it is when only my items shall be sent from now on."""
    world.settings["only_my_items"] = False
    person = world.person(owner="ben", firstname="Ann", lastname="Lee")
    world.sync()
    world.settings["only_my_items"] = True
    world.sync()
    assert only(world.cards()).values["givenName"] == "Ann"
    assert world.links()[0].state == "dormant"
    world.settings["only_my_items"] = False
    world.crm.change("Contact", person.id, {"firstname": "Anne"})
    world.sync()
    assert only(world.cards()).values["givenName"] == "Anne"
    quiet(world)


def test_unticked_stops_without_deleting_and_wakes_up(world: World) -> None:
    """A reason whose action is ``stop syncing`` puts the pair to sleep; nothing is written until it goes."""
    world.settings["ticked_only"] = True
    person = world.person(firstname="Ann", lastname="Lee")
    world.sync()
    world.crm.change("Contact", person.id, {"includeinsync": False, "firstname": "Anne"})
    world.sync()
    assert only(world.cards()).values["givenName"] == "Ann"
    world.crm.change("Contact", person.id, {"includeinsync": True})
    world.sync()
    assert only(world.cards()).values["givenName"] == "Anne"
    quiet(world)


def test_one_person_in_two_mailboxes_becomes_one_crm_contact(world: World) -> None:
    """The first user owns it, the second one's details update it, and both end with the same."""
    world.settings["only_my_items"] = False
    world.card("anna", givenName="Ann", surname="Lee", emails=("ann@mill.example",))
    world.card("ben", givenName="Ann", surname="Lee", jobTitle="Buyer", emails=("ANN@mill.example",))
    world.sync("anna")
    world.sync("ben")
    person = only(world.people())
    assert (person.values["assigned_user_id"], person.values["title"]) == ("anna", "Buyer")
    for user in ("anna", "ben"):
        world.sync(user)
    quiet(world, "anna", "ben")
    assert only(world.cards("anna")).values["jobTitle"] == "Buyer"


def settle(world: World, link_id: str, decision: str) -> None:
    stored, base = world.state.link[link_id]
    world.state.link[link_id] = (structs.replace(stored, settled=decision), base)


def test_an_ambiguous_match_is_held_and_a_person_settles_it(world: World) -> None:
    """Neither a new CRM record nor new Outlook items appear while it is open."""
    one = world.person(firstname="Ann", lastname="Lee", email="ann@mill.example")
    world.person(firstname="Ann", lastname="Leigh", email="ann@mill.example")
    world.card(givenName="Ann", surname="L", emails=("ann@mill.example",))
    world.sync()
    [held] = world.links()
    assert held.state == "held" and len(held.candidates) == 2
    assert (len(world.people()), len(world.cards())) == (2, 1)
    quiet(world)
    settle(world, held.id, one.id)
    world.sync()
    assert (len(world.people()), len(world.cards())) == (2, 2)
    assert {link.state for link in world.links()} == {"linked"}
    quiet(world)


def test_a_person_can_have_a_held_item_created(world: World) -> None:
    """``create`` makes a third record; the two candidates then go their own way."""
    for last in ("Lee", "Leigh"):
        world.person(firstname="Ann", lastname=last, email="ann@mill.example")
    world.card(givenName="Ann", surname="L", emails=("ann@mill.example",))
    world.sync()
    [held] = world.links()
    settle(world, held.id, "create")
    world.sync()
    world.sync()
    assert (len(world.people()), len(world.cards())) == (3, 3)
    quiet(world)


def test_a_second_item_of_the_same_person_is_held_as_taken(world: World) -> None:
    """Two Outlook contacts, one CRM record: the second is not merged and not doubled."""
    world.person(firstname="Ann", lastname="Lee", email="ann@mill.example")
    for _ in range(2):
        world.card(givenName="Ann", surname="Lee", emails=("ann@mill.example",))
    world.sync()
    assert sorted(link.state for link in world.links()) == ["held", "linked"]
    assert len(world.people()) == 1
    quiet(world)


@pytest.mark.parametrize("direction", ["to_m365", "to_crm"])
def test_a_one_way_direction_never_writes_its_source(world: World, direction: str) -> None:
    """Over creations, edits and deletions of both sides."""
    person = world.person(firstname="Ann", lastname="Lee")
    world.card(givenName="Bob", surname="Ray")
    world.sync()
    world.settings["direction"] = direction
    source = world.crm if direction == "to_m365" else world.m365
    before = source.writes
    world.person(firstname="New", lastname="Person")
    world.card(givenName="New", surname="Card")
    world.crm.change("Contact", person.id, {"title": "crm edit"})
    for card in world.cards():
        world.edit_card(card.id, department="outlook edit")
    world.sync()
    bob = next(p for p in world.people() if p.values["firstname"] == "Bob")
    world.crm.remove("Contact", bob.id)
    ann = next(c for c in world.cards() if c.values["givenName"] == "Ann")
    world.m365.remove("contact", ann.id, "mailbox-anna")
    world.sync()
    world.sync()
    assert source.writes == before
    quiet(world)


def test_an_edit_without_the_right_to_edit_is_refused_and_kept_known(world: World) -> None:
    """Shown, never written; once the right is there, it is written."""
    world.settings["only_my_items"] = False
    world.person(owner="ben", firstname="Ann", lastname="Lee")
    world.crm.may_edit = lambda user, record: record.values["assigned_user_id"] == user
    world.sync("anna")
    world.edit_card(only(world.cards()).id, jobTitle="Buyer")
    report = world.sync("anna")
    assert [r.reason for d in report.plan.decisions for r in d.refusals] == ["no right to edit"]
    assert only(world.people()).values["title"] is None
    assert world.links()[0].state == "held"
    world.crm.may_edit = lambda user, record: True
    world.crm.rights_revision += 1
    world.sync("anna")
    assert only(world.people()).values["title"] == "Buyer"
    assert world.links()[0].state == "linked"
    quiet(world)


def test_losing_the_right_to_read_removes_the_contact_and_getting_it_back_brings_it(world: World) -> None:
    """By the access token alone: no record was touched."""
    world.settings["only_my_items"] = False
    world.person(owner="ben", firstname="Ann", lastname="Lee")
    world.sync("anna")
    world.crm.may_read = lambda user, record: record.values.get("assigned_user_id", user) == user
    world.crm.rights_revision += 1
    world.sync("anna")
    assert world.cards() == []
    world.crm.may_read = lambda user, record: True
    world.crm.rights_revision += 1
    world.sync("anna")
    assert len(world.cards()) == 1
    quiet(world)


def test_a_lost_answer_makes_no_double(world: World) -> None:
    """A creation that went through although its answer was lost is found by its mark at the next tick."""
    world.person(firstname="Ann", lastname="Lee")
    world.m365.fault = lambda action: "lost"
    world.sync()
    world.m365.fault = lambda action: None
    world.sync()
    assert len(world.cards()) == 1
    quiet(world)


def test_a_creation_that_never_left_is_made_at_the_next_tick(world: World) -> None:
    """No answer and no trace: the next tick creates it."""
    world.card(givenName="Ann", surname="Lee")
    world.crm.fault = lambda action: "unsent"
    world.sync()
    world.crm.fault = lambda action: None
    world.sync()
    assert len(world.people()) == 1
    quiet(world)


def test_a_record_that_changes_under_a_write_is_decided_again(world: World) -> None:
    """The stale write is dropped and the pair merged afresh within the run."""
    person = world.person(firstname="Ann", lastname="Lee")
    world.sync()
    card = only(world.cards())
    world.crm.change("Contact", person.id, {"title": "Buyer"})
    edits = iter([{"department": "North"}])

    def meanwhile(action: Action) -> None:
        for values in edits:
            world.edit_card(card.id, **values)

    world.m365.fault = meanwhile
    world.sync()
    assert only(world.cards()).values["jobTitle"] == "Buyer"
    assert only(world.people()).values["department"] == "North"
    quiet(world)


def test_slots_keep_their_values(world: World) -> None:
    """A private address without a business one stays private, and an edit in place stays in its slot."""
    world.person(firstname="Ann", lastname="Lee", email2="home@mill.example")
    world.sync()
    card = only(world.cards())
    assert addresses(card) == ["home@mill.example"]
    quiet(world)
    world.edit_card(card.id, emailAddresses=(("new@mill.example", "x"),))
    world.sync()
    person = only(world.people())
    assert (person.values["email"], person.values["email2"]) == (None, "new@mill.example")
    quiet(world)


def test_values_beyond_the_mapped_slots_stay(world: World) -> None:
    """A third e-mail address in Outlook is never dropped by a write."""
    world.card(givenName="Ann", surname="Lee", emails=("a@x.example", "b@x.example", "c@x.example"))
    world.sync()
    person = only(world.people())
    world.crm.change("Contact", person.id, {"email": "new@x.example"})
    world.sync()
    assert addresses(only(world.cards())) == ["new@x.example", "b@x.example", "c@x.example"]
    quiet(world)


def test_a_value_beyond_the_slots_moves_into_none_by_itself(world: World) -> None:
    """The first of three addresses is removed in Outlook: the CRM's first is cleared, the third stays where it is."""
    world.card(givenName="Ann", surname="Lee", emails=("a@x.example", "b@x.example", "c@x.example"))
    world.sync()
    card = only(world.cards())
    world.edit_card(card.id, emailAddresses=(("b@x.example", "b"), ("c@x.example", "c")))
    world.sync()
    person = only(world.people())
    assert (person.values["email"], person.values["email2"]) == (None, "b@x.example")
    quiet(world)
    world.crm.change("Contact", person.id, {"email": "d@x.example"})
    world.sync()
    assert addresses(only(world.cards())) == ["d@x.example", "b@x.example", "c@x.example"]
    quiet(world)


def test_a_normalising_remote_causes_no_echo(world: World) -> None:
    """The remote trims and respells what it is given; that is no change, now or later."""

    def normalise(kind: str, values: dict[str, Value]) -> dict[str, Value]:
        phone = values.get("mobilePhone")
        return {**values, "mobilePhone": phone.replace(" ", "")} if isinstance(phone, str) else values

    world.m365.normalise = normalise
    world.person(firstname="Ann", lastname="Lee", mobile="07700 900 123")
    world.sync()
    for _ in range(3):
        world.edit_card(only(world.cards()).id)
        quiet(world)
        world.sync()
    assert only(world.people()).values["mobile"] == "07700 900 123"


def test_first_agreement_fills_empty_fields_and_the_rules_decide_the_rest(world: World) -> None:
    """A matched pair: empty sides are filled both ways, two values are decided by ``first_match``."""
    world.person(firstname="Ann", lastname="Lee", email="ann@mill.example", title="Clerk", department="North")
    world.card(givenName="Ann", surname="Lee", emails=("ann@mill.example",), jobTitle="Buyer", assistantName="Sam")
    world.sync()
    person, card = only(world.people()), only(world.cards())
    assert person.values["title"] == card.values["jobTitle"] == "Buyer"
    assert (card.values["department"], person.values["assistant"]) == ("North", "Sam")
    quiet(world)


def test_a_first_match_sees_which_address_is_which(world: World) -> None:
    """One address in Outlook, equal to the CRM's private one: the business one is added, none is overwritten."""
    world.person(firstname="Ann", lastname="Lee", email="work@mill.example", email2="home@mill.example")
    world.card(givenName="Ann", surname="Lee", emails=("home@mill.example",))
    world.sync()
    person = only(world.people())
    assert (person.values["email"], person.values["email2"]) == ("work@mill.example", "home@mill.example")
    assert addresses(only(world.cards())) == ["work@mill.example", "home@mill.example"]
    quiet(world)


def test_an_item_held_as_taken_stays_held_when_the_sync_changes_what_it_matched_by(world: World) -> None:
    """The first agreement replaces the address that the second item had in common with the CRM record."""
    world.person(firstname="Dora", lastname="Pike", email="dora@mill.example", email2="dot@mill.example")
    world.card(givenName="Dora", surname="Pike", emails=("new@mill.example", "dot@mill.example"))
    world.card(givenName="Dorothea", surname="Pike", emails=("dora@mill.example",))
    world.sync()
    assert len(world.people()) == 1
    quiet(world)
    world.sync()
    assert (len(world.people()), sorted(link.state for link in world.links())) == (1, ["held", "linked"])
    quiet(world)


def test_a_match_out_of_scope_is_born_asleep(world: World) -> None:
    """A colleague's contact that also lies in my Outlook is neither written nor deleted."""
    world.person(owner="ben", firstname="Ann", lastname="Lee", email="ann@mill.example")
    world.card(givenName="Annie", surname="Lee", emails=("ann@mill.example",))
    world.sync()
    assert world.links()[0].state == "dormant"
    assert only(world.cards()).values["givenName"] == "Annie"
    quiet(world)


def test_a_sleeping_pair_is_not_deleted_whatever_happens_to_its_crm_record(world: World) -> None:
    """Never having been in scope, it has nothing to leave: neither an edit nor a deletion in the CRM takes it away."""
    person = world.person(owner="ben", firstname="Ann", lastname="Lee", email="ann@mill.example")
    world.card(givenName="Annie", surname="Lee", emails=("ann@mill.example",))
    world.sync()
    world.crm.change("Contact", person.id, {"title": "Buyer"})
    world.sync()
    assert (world.links()[0].state, len(world.cards())) == ("dormant", 1)
    world.crm.remove("Contact", person.id)
    world.sync()
    assert (world.links()[0].state, len(world.cards())) == ("ended", 1)
    quiet(world)


def test_the_guard_stops_a_mass_deletion(world: World) -> None:
    """Nothing at all is written, until the digest of that very plan is confirmed."""
    people = [world.person(firstname="P", lastname=f"No {n}") for n in range(40)]
    world.sync()
    for person in people[:20]:
        world.crm.remove("Contact", person.id)
    tick = structs.replace(world.tick_of("anna"), limits=DEFAULT_LIMITS)
    fence = world.state.hold(tick.space.id, "x", tick.clock(), tick.clock() + 1000)
    assert fence is not None
    report = pipeline.run(tick, fence)
    assert not report.ran and len(world.cards()) == 40
    assert [(e.klass, e.count) for e in report.plan.verdict.exceeded] == [("delete", 20)]
    assert pipeline.run(tick, fence, confirmed="something else").ran is False
    assert pipeline.run(tick, fence, confirmed=report.plan.digest()).ran
    assert len(world.cards()) == 20
