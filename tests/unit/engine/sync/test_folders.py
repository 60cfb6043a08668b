"""Contacts that change folder, on the in-memory double with the shipped rules: moved on the other side, never gone and
never doubled."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from memory_world import HOME, ORG, World
from msgspec import structs

from engine.context import Context, SettingValue
from engine.links import Space
from engine.plans import Plan
from engine.records import Record, Reference, Value
from engine.sync import pipeline
from engine.sync.warn import Neighbour


def only(records: list[Record]) -> Record:
    [record] = records
    return record


def place(record: Record) -> str:
    home = record.values["parentFolder"]
    assert isinstance(home, Reference)
    return home.name


def folders(world: World, *names: str) -> Value:
    """CRM folders by name, made where they are missing."""
    found = world.crm.reader(Space(ORG, "", "anna", "UTC")).names("Folder", names)
    for name in names:
        if name.casefold() not in found:
            world.crm.add("Folder", {"name": name})
    found = world.crm.reader(Space(ORG, "", "anna", "UTC")).names("Folder", names)
    return tuple(found[name.casefold()][0] for name in names)


def of(person: Record) -> list[str]:
    """The folders of a CRM contact."""
    held = person.values["folder"]
    return [one.name for one in held if isinstance(one, Reference)] if isinstance(held, tuple) else []


def listed(world: World) -> list[str]:
    """The folders of the one CRM contact."""
    return of(only(world.people()))


def outlook(world: World, name: str, user: str = "anna") -> Reference:
    """An Outlook folder, made where it is missing."""
    for one in world.m365.records("contactFolder", f"mailbox-{user}"):
        if one.values["displayName"] == name:
            return Reference(one.id, name)
    return Reference(world.m365.add("contactFolder", {"displayName": name}, f"mailbox-{user}").id, name)


def quiet(world: World, *users: str) -> None:
    for user in users or ("anna",):
        for everything in (False, True):
            assert world.plan(user, everything).empty
        assert not [link for link in world.links(user) if link.copy]


def told(plan: Plan) -> list[tuple[str, str]]:
    return [(action.side, action.verb) for action in plan.actions]


@pytest.fixture
def person(world: World) -> str:
    """A contact of Anna's in two CRM folders, with details that no rule maps, synced."""
    made = world.person(firstname="Ann", lastname="Lee", folder=folders(world, "Clients", "Press"))
    world.sync()
    world.edit_card(only(world.cards()).id, spouseName="Tom", categories=("Red",))
    world.sync()
    return made.id


def test_another_first_folder_moves_the_contact_in_outlook(world: World, person: str) -> None:
    """Made there with all that it holds and gone here, in one move; other folders move nothing; none is the default."""
    before = only(world.cards())
    world.crm.change("Contact", person, {"folder": folders(world, "Clients", "North")})
    assert world.plan().empty, "only the first counts"
    world.crm.change("Contact", person, {"folder": folders(world, "Press", "Clients"), "title": "Buyer"})
    (action,) = world.plan().actions
    assert (action.verb, action.klass) == ("move", "move") and "photo" in action.reason
    world.sync()
    card = only(world.cards())
    assert card.id != before.id and (place(card), card.values["jobTitle"]) == ("Press", "Buyer")
    assert (card.values["spouseName"], card.values["categories"]) == ("Tom", ("Red",))
    assert [link.m365_id for link in world.links()] == [card.id]
    quiet(world)
    world.crm.change("Contact", person, {"folder": None})
    world.sync()
    assert place(only(world.cards())) == HOME.name
    quiet(world)
    world.edit_card(only(world.cards()).id, jobTitle="Chief")
    world.sync()
    assert only(world.people()).values["title"] == "Chief", "it is in step where it is now"


def test_moved_in_outlook_the_first_folder_of_the_crm_follows(world: World, person: str) -> None:
    """Gone from one folder and new in another, with the same id: the CRM's first folder is replaced, the rest stays,
    a folder that the CRM has not is made, and the default folder empties the list."""
    card = only(world.cards())
    for folder, then in (("New", ["New", "Press"]), ("Press", ["Press"])):
        world.edit_card(card.id, parentFolder=outlook(world, folder), jobTitle=folder)
        assert told(world.plan()) == [("crm", "update")]
        world.sync()
        assert (listed(world), only(world.people()).values["title"]) == (then, folder)
        assert [one.id for one in world.cards()] == [card.id]
        quiet(world)
    world.edit_card(card.id, parentFolder=HOME)
    world.sync()
    assert (listed(world), only(world.people()).id) == ([], person)
    quiet(world)


@pytest.mark.parametrize(("rule", "folder"), [("crm", "North"), ("m365", "South")])
def test_moved_on_both_sides_the_conflict_rule_decides(world: World, person: str, rule: str, folder: str) -> None:
    """One folder counts, and other edits of both sides survive beside the move."""
    world.settings["conflict"] = rule
    world.crm.change("Contact", person, {"folder": folders(world, "North"), "mobile": "07700 900001"})
    world.edit_card(only(world.cards()).id, parentFolder=outlook(world, "South"), jobTitle="Chief")
    world.sync()
    card = only(world.cards())
    assert (place(card), listed(world)) == (folder, [folder])
    assert (card.values["mobilePhone"], only(world.people()).values["title"]) == ("07700 900001", "Chief")
    quiet(world)


@pytest.mark.parametrize("fault", ["lost", "half", "unsent"])
@pytest.mark.parametrize("then", ["", "elsewhere", "back", "edited"])
def test_a_move_that_is_cut_short_is_finished_or_taken_back(world: World, person: str, fault: str, then: str) -> None:
    """Whatever was made when the answer was lost: one contact is left, and the CRM says the same."""
    world.crm.change("Contact", person, {"folder": folders(world, "Press"), "title": "Buyer"})
    faults = [fault]
    world.m365.fault = lambda action: faults.pop() if faults and action.verb == "move" else None
    world.sync()
    assert len(world.cards()) == (2 if fault == "half" else 1)
    if then in ("elsewhere", "back"):
        name = "North" if then == "elsewhere" else "Clients"
        world.crm.change("Contact", person, {"folder": folders(world, name)})
    elif then == "edited":
        world.crm.change("Contact", person, {"assistant": "Kim"})
    world.sync()
    world.sync()
    card = only(world.cards())
    wanted = {"elsewhere": "North", "back": "Clients"}.get(then, "Press")
    if (then, fault) == ("back", "lost"):
        wanted = "Press"  # nobody can tell it from a person's move in Outlook: the CRM's is back where it was agreed
    assert listed(world)[:1] == [wanted]
    assert (place(card), card.values["jobTitle"], card.values["spouseName"]) == (wanted, "Buyer", "Tom")
    assert card.values["assistantName"] == ("Kim" if then == "edited" else None)
    assert len(world.people()) == 1
    quiet(world)


def test_folders_of_a_first_match_fill_each_other(world: World) -> None:
    """Only one side has a folder: the other gets it; the default folder is none and empties nothing."""
    world.person(firstname="Ann", lastname="Lee", email="ann@mill.example", folder=folders(world, "Clients"))
    world.person(firstname="Bo", lastname="May", email="bo@mill.example")
    world.card(givenName="Ann", surname="Lee", emails=("ann@mill.example",))
    world.card(givenName="Bo", surname="May", emails=("bo@mill.example",), parentFolder=outlook(world, "Press"))
    world.sync()
    assert {str(card.values["givenName"]): place(card) for card in world.cards()} == {"Ann": "Clients", "Bo": "Press"}
    held = {str(one.values["firstname"]): of(one)[0] for one in world.people()}
    assert held == {"Ann": "Clients", "Bo": "Press"}
    quiet(world)


@pytest.mark.parametrize("direction", ["to_m365", "to_crm"])
def test_one_way_moves_one_way(world: World, person: str, direction: str) -> None:
    """The source is never moved, and the difference stays known."""
    world.settings["direction"] = direction
    world.sync()
    world.crm.change("Contact", person, {"folder": folders(world, "Press")})
    world.sync()
    assert place(only(world.cards())) == ("Press" if direction == "to_m365" else "Clients")
    world.edit_card(only(world.cards()).id, parentFolder=outlook(world, "North"))
    world.sync()
    assert listed(world)[0] == ("North" if direction == "to_crm" else "Press")
    world.settings["direction"] = "both"
    world.sync()
    assert [place(only(world.cards()))] == listed(world)[:1]
    quiet(world)


def test_a_move_in_outlook_to_a_folder_not_chosen_takes_that_copy_out(world: World, person: str) -> None:
    """The CRM keeps its folder, nothing is deleted; moved back, the pair wakes with what was edited meanwhile."""
    world.settings["m365_folders"] = ("Clients",)
    world.sync()
    card = only(world.cards())
    world.edit_card(card.id, parentFolder=outlook(world, "Press"), jobTitle="Chief")
    world.sync()
    assert (listed(world), world.links()[0].state) == (["Clients", "Press"], "dormant")
    quiet(world)
    world.edit_card(card.id, parentFolder=outlook(world, "Clients"))
    world.sync()
    assert (only(world.people()).values["title"], world.links()[0].state) == ("Chief", "linked")
    assert only(world.people()).id == person and only(world.cards()).id == card.id
    quiet(world)


def test_a_shared_contact_moves_for_all_and_the_plan_names_whom_it_leaves(world: World, person: str) -> None:
    """Ben has chosen folders and loses it from them: named in Anna's plan before; Cara has all, and hers moves too."""
    chosen: dict[str, Mapping[str, SettingValue]] = {"anna": {}, "ben": {"crm_folders": ("Clients",)}, "cara": {}}
    world.settings["only_my_items"] = False

    def context(user: str) -> Context:
        base = world.context(user)
        return structs.replace(base, settings={**base.settings, **chosen[user]})

    def tick(user: str) -> pipeline.Tick:
        others = {f"mailbox-{other}": Neighbour(other, context(other)) for other in chosen if other != user}
        return structs.replace(world.tick_of(user), context=context(user), neighbours=lambda: others)

    def sync(user: str) -> None:
        one = tick(user)
        fence = world.state.hold(one.space.id, one.run, one.clock(), one.clock() + 1_000)
        assert fence is not None
        pipeline.run(one, fence)
        world.state.release(fence)

    for user in chosen:
        sync(user)
    world.edit_card(only(world.cards("anna")).id, parentFolder=outlook(world, "Press"))
    (action,) = pipeline.plan(tick("anna")).actions
    assert action.side == "crm" and list(action.warnings) == ["in ben it is then out of scope: CRM folder not chosen"]
    sync("anna")
    (action,) = pipeline.plan(tick("cara")).actions
    assert (action.verb, len(action.warnings)) == ("move", 1), "until Ben's has moved, everybody's plan says so"
    (action,) = pipeline.plan(tick("ben")).actions
    assert (action.verb, action.warnings) == ("move", ("the last time: CRM folder not chosen",))
    for user in ("ben", "cara"):
        sync(user)
    assert [place(only(world.cards(user))) for user in chosen] == ["Press"] * 3
    assert [world.links(user)[0].state for user in chosen] == ["linked", "dormant", "linked"]
    assert not [user for user in chosen if not pipeline.plan(tick(user)).empty]
    chosen["cara"] = {"m365_folders": ("Press",)}
    sync("cara")
    world.crm.change("Contact", person, {"folder": folders(world, "Clients")})
    (action,) = pipeline.plan(tick("anna")).actions
    assert action.warnings == ("in cara it is then out of scope: Outlook folder not chosen",)
    for user in chosen:
        sync(user)
    assert [place(only(world.cards(user))) for user in chosen] == ["Clients"] * 3
    assert world.links("ben")[0].state == "linked"


def test_a_folder_that_is_renamed_in_outlook_moves_nothing(world: World, person: str) -> None:
    """The contact lies where it lay, and is still moved when either side really moves it."""
    card = only(world.cards())
    home = outlook(world, "Clients")
    world.m365.change("contactFolder", home.id or "", {"displayName": "Kunden"}, "mailbox-anna")
    world.edit_card(card.id, parentFolder=Reference(home.id, "Kunden"), jobTitle="Chief")
    world.sync()
    assert (listed(world), only(world.people()).values["title"]) == (["Clients", "Press"], "Chief")
    quiet(world)
    world.crm.change("Contact", person, {"folder": folders(world, "Press")})
    world.sync()
    assert place(only(world.cards())) == "Press"
    world.edit_card(only(world.cards()).id, parentFolder=Reference(home.id, "Kunden"))
    world.sync()
    assert listed(world) == ["Kunden"]
    quiet(world)
