"""Who may read and edit what, and when their access revision moves."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from engine.errors import SignInNeeded, UserError
from engine.records import Barred, Record
from tests.unit.crm.desk import Desk, creation, deletion


def may(desk: Desk, user: str | Sequence[str], crm_id: str) -> str:
    """none, read or edit."""
    state = desk.see(user, crm_id)
    if isinstance(state, Barred):
        return "none"
    assert isinstance(state, Record)
    return "edit" if state.editable else "read"


@pytest.mark.parametrize("sharing", ["none", "read", "edit"])
def test_members_may_what_their_team_shares(desk: Desk, sharing: str) -> None:
    """Colleagues see each other's contacts as the team says; others see nothing; owners may everything."""
    teams = desk.people("anna", "bert", "carl", north=["anna", "bert"])
    crm_id = desk.contact("anna")
    with desk.store.edit() as edit:
        edit.change_team(teams["north"], sharing=sharing)
    assert [may(desk, user, crm_id) for user in ("anna", "bert", "carl")] == ["edit", sharing, "none"]


def test_a_private_contact_is_for_its_owner_and_whom_it_is_shown_to(desk: Desk) -> None:
    """Neither the team nor an administrator sees it; a share by name still counts."""
    desk.people("anna", "bert", "carl", "dora", north=["anna", "bert"])
    crm_id = desk.contact("anna", private=True)
    with desk.store.edit() as edit:
        edit.change_user("dora", is_admin=True)
        edit.share("Contact", crm_id, "user", "carl", "read")
    assert [may(desk, user, crm_id) for user in ("anna", "bert", "carl", "dora")] == ["edit", "none", "read", "none"]


def test_a_contact_of_nobody_is_for_administrators(desk: Desk) -> None:
    """Without an assigned user no team leads to it."""
    desk.people("anna", "dora", north=["anna"])
    with desk.store.edit() as edit:
        edit.change_user("dora", is_admin=True)
        crm_id = edit.create("Contact", {"lastname": "Nobody's"})
    assert (may(desk, "anna", crm_id), may(desk, "dora", crm_id)) == ("none", "edit")


def test_a_user_who_is_not_active_reads_nothing(desk: Desk) -> None:
    """The space pauses; its contacts are not taken for lost permission."""
    desk.people("anna")
    desk.contact("anna")
    with desk.store.edit() as edit:
        edit.change_user("anna", status="Inactive")
    with pytest.raises(SignInNeeded, match="not an active user"):
        desk.visible("anna")
    with pytest.raises(SignInNeeded, match="not an active user"):
        desk.access("stranger")


def test_another_organisation_sees_nothing(engine: sa.Engine) -> None:
    """Equal user, team and contact ids in two organisations have nothing to do with each other."""
    here, there = Desk(engine), Desk(engine)
    for desk in (here, there):
        desk.people("anna", "bert", north=["anna", "bert"])
    with here.store.edit() as edit:
        edit.create("Contact", {"assigned_user_id": "bert", "email": "x@x.example"}, crm_id="500")
        edit.share("Contact", "500", "user", "anna", "edit")
    assert here.visible("anna") == {"500"}
    assert there.visible("anna") == set()
    assert there.store.record("Contact", "500") is None
    assert there.round("anna")[0].records == []
    with pytest.raises(ValueError, match="another organisation"):
        there.system.reader(here.space("anna"))


def test_users_on_a_task_read_and_edit_it(desk: Desk) -> None:
    """Private or not; their colleagues and administrators see the others' tasks only where they are not private."""
    desk.kind = "Task"
    desk.people("anna", "bert", "carl", "dora", "eve", north=["anna", "carl"], south=["bert", "eve"])
    with desk.store.edit() as edit:
        edit.change_user("dora", is_admin=True)
    crm_id = desk.task("anna", users=("bert",))
    users = ("anna", "bert", "carl", "dora", "eve")
    assert [may(desk, user, crm_id) for user in users] == ["edit", "edit", "edit", "edit", "none"]
    desk.edit(crm_id, private=True)
    assert [may(desk, user, crm_id) for user in users] == ["edit", "edit", "none", "none", "none"]
    with desk.store.edit() as edit:
        edit.share("Task", crm_id, "user", "eve", "read")
    desk.edit(crm_id, users=None)
    assert [may(desk, user, crm_id) for user in users] == ["edit", "none", "none", "none", "read"]


@pytest.mark.parametrize("kind", ["Contact", "Task"])
def test_a_space_may_what_any_of_its_users_may(desk: Desk, kind: str) -> None:
    """Readable if one may read, editable if one may edit, whoever leads."""
    desk.kind = kind
    desk.people("anna", "bert", "carl", "dora")
    make = desk.contact if kind == "Contact" else desk.task
    hers, his, theirs, nobodys = make("anna"), make("bert"), make("carl"), make("carl")
    with desk.store.edit() as edit:
        edit.share(kind, theirs, "user", "bert", "read")
    both = ("anna", "bert")
    assert desk.visible(both) == {hers, his, theirs}
    assert [may(desk, both, crm_id) for crm_id in (hers, his, theirs, nobodys)] == ["edit", "edit", "read", "none"]
    assert desk.visible(("dora", "carl", "anna")) == {hers, theirs, nobodys}
    since = desk.head(both)
    for crm_id in (theirs, nobodys):
        desk.edit(crm_id, description="changed")
    pages = desk.round(both, since)
    assert [record.id for page in pages for record in page.records] == [theirs]
    assert [crm_id for page in pages for crm_id in page.barred] == [nobodys]


def test_users_of_a_space_who_are_not_active_are_left_out(desk: Desk) -> None:
    """The space goes on with the others, its token moved; it pauses when nobody is left."""
    desk.kind = "Task"
    desk.people("anna", "bert")
    hers, his = desk.task("anna"), desk.task("bert")
    both = ("anna", "bert")
    before = desk.access(both)
    with desk.store.edit() as edit:
        edit.change_user("anna", status="Inactive")
    assert desk.visible(both) == {his}
    assert desk.access(both) != before
    made = desk.written(creation(kind="Task", subject="Whose?"), user=both)
    assert made.values["assigned_user_id"] == "bert"
    with desk.store.edit() as edit:
        edit.change_user("bert", status="Inactive")
    for attempt in (desk.visible, desk.access, lambda users: desk.write(deletion(made), user=users)):
        with pytest.raises(SignInNeeded, match="None of this space's CRM users is an active user"):
            attempt(both)
    assert desk.store.record("Task", hers) is not None


def test_the_token_of_a_space_moves_with_every_member_and_with_who_they_are(desk: Desk) -> None:
    """Any of them gaining or losing a right counts; so does one more of them, or one less; others' rights don't."""
    teams = desk.people("anna", "bert", "carl", north=["anna"], south=["carl"])
    both = ("anna", "bert")
    tokens = [desk.access(both), desk.access("anna"), desk.access(("anna", "bert", "carl"))]
    with desk.store.edit() as edit:
        edit.set_teams("bert", [teams["south"]])
    tokens.append(desk.access(both))
    assert len(set(tokens)) == len(tokens)
    assert desk.access(("bert", "anna")) == tokens[-1]
    with desk.store.edit() as edit:
        edit.create_user("dora", is_admin=True)
    assert desk.access(both) == tokens[-1]


@dataclass
class Oracle:
    """Rights worked out record by record, as the rules are told to people."""

    teams: dict[str, tuple[str, set[str]]] = field(default_factory=dict)
    admins: set[str] = field(default_factory=set)
    owner: dict[str, str | None] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    shares: dict[tuple[str, str, str], str] = field(default_factory=dict)
    on_it: dict[str, set[str]] = field(default_factory=dict)

    def may(self, users: str | Sequence[str], crm_id: str) -> str:
        """What one user, or several together, may."""
        given = set()
        for user in [users] if isinstance(users, str) else users:
            given |= self._given(user, crm_id)
        return "edit" if "edit" in given else "read" if "read" in given else "none"

    def _given(self, user: str, crm_id: str) -> set[str | None]:
        mine = {team for team, (_, members) in self.teams.items() if user in members}
        given = {self.shares.get((crm_id, "user", user))} | {self.shares.get((crm_id, "team", team)) for team in mine}
        owner = self.owner[crm_id]
        if owner == user or user in self.on_it.get(crm_id, ()):
            given.add("edit")
        if crm_id not in self.private:
            if user in self.admins:
                given.add("edit")
            given |= {self.teams[team][0] for team in mine if owner in self.teams[team][1]}
        return given


@pytest.mark.parametrize("kind", ["Contact", "Task"])
@pytest.mark.parametrize("seed", range(4))
def test_sets_agree_with_the_rules_told_one_by_one(desk: Desk, seed: int, kind: str) -> None:
    """Random teams, shares, roles, users on tasks and private marks, seen by one user and by several together: the
    SQL conditions give what the plain reading gives, and the access token of everybody whose rights changed moved."""
    chance, desk.kind = random.Random(seed), kind
    users = [f"user-{number}" for number in range(5)]
    teams = desk.people(*users, **{f"team{number}": () for number in range(3)})
    oracle = Oracle({team: ("edit", set()) for team in teams})
    for number in range(8):
        fill(desk, oracle, chance, users, number)
    readers: list[str | tuple[str, ...]] = [*users, *(tuple(chance.sample(users, count)) for count in (2, 3, 5))]
    for _ in range(20):
        before = {reader: {crm_id: oracle.may(reader, crm_id) for crm_id in oracle.owner} for reader in readers}
        tokens = {reader: desk.access(reader) for reader in readers}
        shuffle(desk, oracle, chance, users, teams)
        for reader in readers:
            after = {crm_id: oracle.may(reader, crm_id) for crm_id in oracle.owner}
            if after != before[reader]:
                assert desk.access(reader) != tokens[reader]
            assert desk.visible(reader) == {crm_id for crm_id, level in after.items() if level != "none"}
    for reader in readers:
        assert {i: may(desk, reader, i) for i in oracle.owner} == {i: oracle.may(reader, i) for i in oracle.owner}


def fill(desk: Desk, oracle: Oracle, chance: random.Random, users: list[str], number: int) -> None:
    """One more record, in the CRM and in the oracle."""
    owner, private = chance.choice([*users, None]), chance.random() < 0.3
    on_it = set(chance.sample(users, chance.choice([0, 0, 1, 2])))
    if desk.kind == "Contact":
        crm_id = desk.contact(assigned_user_id=owner, lastname=f"{number}", private=private)
    else:
        crm_id = desk.task(owner, private=private, users=tuple(on_it))
        oracle.on_it[crm_id] = on_it
    oracle.owner[crm_id] = owner
    oracle.private |= {crm_id} if private else set()


def shuffle(desk: Desk, oracle: Oracle, chance: random.Random, users: list[str], teams: dict[str, str]) -> None:
    """One change of somebody's rights, in the CRM and in the oracle."""
    user, team, crm_id = chance.choice(users), chance.choice(list(teams)), chance.choice(list(oracle.owner))
    what = chance.choice(["member", "sharing", "admin", "share", "unshare"])
    with desk.store.edit() as edit:
        if what == "member":
            for _, members in oracle.teams.values():
                (members.add if chance.random() < 0.5 else members.discard)(user)
            edit.set_teams(user, [teams[name] for name, (_, members) in oracle.teams.items() if user in members])
        elif what == "sharing":
            sharing = chance.choice(["none", "read", "edit"])
            edit.change_team(teams[team], sharing=sharing)
            oracle.teams[team] = (sharing, oracle.teams[team][1])
        elif what == "admin":
            oracle.admins ^= {user}
            edit.change_user(user, is_admin=user in oracle.admins)
        else:
            grantee_kind = chance.choice(["user", "team"])
            named, grantee = (user, user) if grantee_kind == "user" else (team, teams[team])
            if what == "share":
                oracle.shares[crm_id, grantee_kind, named] = access = chance.choice(["read", "edit"])
                edit.share(desk.kind, crm_id, grantee_kind, grantee, access)
            else:
                oracle.shares.pop((crm_id, grantee_kind, named), None)
                edit.unshare(desk.kind, crm_id, grantee_kind, grantee)


def test_only_those_affected_get_a_new_access_revision(desk: Desk) -> None:
    """A new member concerns the team; editing a contact concerns nobody's rights."""
    teams = desk.people("anna", "bert", "carl", north=["anna"], south=["carl"])
    tokens = {user: desk.access(user) for user in ("anna", "bert", "carl")}
    desk.contact("anna")
    assert {user: desk.access(user) for user in tokens} == tokens
    with desk.store.edit() as edit:
        edit.set_teams("bert", [teams["north"]])
    moved = {user for user, token in tokens.items() if desk.access(user) != token}
    assert moved == {"anna", "bert"}


def test_deleting_a_team_takes_its_rights_and_its_shares(desk: Desk) -> None:
    """Former members see what they own, and their access revision moved."""
    teams = desk.people("anna", "bert", "carl", north=["anna", "bert"], south=["carl"])
    crm_id = desk.contact("carl")
    with desk.store.edit() as edit:
        edit.share("Contact", crm_id, "team", teams["north"], "read")
    before = desk.access("bert")
    assert desk.visible("bert") == {crm_id}
    with desk.store.edit() as edit:
        edit.delete_team(teams["north"])
    assert desk.visible("bert") == set()
    assert desk.access("bert") != before


def test_a_leaving_users_contacts_go_to_the_heir(desk: Desk) -> None:
    """The contacts come to the heir as changed records; companies and shares follow too."""
    desk.people("anna", "bert")
    crm_id = desk.contact("anna")
    with desk.store.edit() as edit:
        company = edit.create_company("Harbour Ltd", owner="anna")
    since = desk.head("bert")
    with desk.store.edit() as edit:
        edit.delete_user("anna", heir="bert")
    assert desk.changed("bert", since) == [crm_id]
    assert [(reference.id, owner) for reference, owner in desk.store.companies()] == [(company, "bert")]
    assert desk.store.user("anna") is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda edit: edit.create_user("ANNA"), "Another user has this name"),
        (lambda edit: edit.create_user(" "), "needs a name"),
        (lambda edit: edit.create_user("bert", status="Asleep"), "Active, Inactive"),
        (lambda edit: edit.create_user("bert", zone="Europe/Atlantis"), "time zone is not known"),
        (lambda edit: edit.create_user("bert", colour="red"), "has no colour"),
        (lambda edit: edit.change_user("bert", status="Active"), "no such user"),
        (lambda edit: edit.set_teams("anna", ["77"]), "no such team"),
        (lambda edit: edit.create_team("North"), "Another team has this name"),
        (lambda edit: edit.create_team("south", sharing="all"), "none, read, edit"),
        (lambda edit: edit.share("Contact", "77", "user", "anna", "read"), "no such contact"),
        (lambda edit: edit.create("Contact", {"assigned_user_id": "bert"}), "no such user"),
        (lambda edit: edit.create("Contact", {"birthday": "yesterday"}), "Birthday must be a date"),
        (lambda edit: edit.delete("Contact", "77"), "no such contact"),
        (lambda edit: edit.create_folder("CLIENTS"), "Another folder has this name"),
        (lambda edit: edit.create_company("  "), "needs a name"),
        (lambda edit: edit.create_company("x" * 201), "at most 200 characters"),
    ],
)
def test_wrong_input_is_refused_in_plain_words_and_nothing_is_kept(desk: Desk, change, message: str) -> None:
    """What the block did before the mistake is dropped with it."""
    desk.people("anna", north=["anna"])
    with desk.store.edit() as edit:
        edit.create_folder("Clients")
    with pytest.raises(UserError, match=message), desk.store.edit() as edit:
        edit.create("Contact", {"lastname": "Half-way"})
        change(edit)
    assert list(desk.store.records("Contact")) == []
