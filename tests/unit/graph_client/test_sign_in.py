"""Connecting an account and keeping it: who may be connected, and what happens to the tokens."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from graph_world import ANN, BOB, CLIENT, TENANT, GraphWorld, KeptText

from engine.errors import SignInNeeded, Unavailable, UserError
from graph_client.connection import Connection
from graph_client.endpoints import Endpoints
from graph_client.idtokens import Account, validated
from graph_client.signin import start_device_sign_in
from graph_client.tokens import Tokens, granted_all, scope_names


def tokens(world: GraphWorld, store: KeptText, connection: Connection) -> Tokens:
    return Tokens(world.endpoints, store, connection, world.waits.timing().clock)


def test_a_person_signs_in_with_a_code(world: GraphWorld) -> None:
    """The account is told by tenant and object id; the cache to keep holds a refresh token and shows in no repr."""
    signed_in = world.sign_in(ANN)
    assert signed_in.account == Account(TENANT, "00000000-0000-4000-8000-000000000001", ANN)
    secret = next(iter(json.loads(signed_in.cache)["RefreshToken"].values()))["secret"]
    assert secret not in repr(signed_in)


def test_a_sign_in_that_is_declined_says_so(world: GraphWorld) -> None:
    """The person said no: nothing is kept, and the message says what to do."""
    with pytest.raises(UserError, match="declined"):
        world.sign_in(approve=world.control.decline_device)


def test_a_sign_in_that_nobody_finishes_ends(world: GraphWorld) -> None:
    """After the code's time the sign-in is over."""
    with pytest.raises(UserError, match="in time"):
        world.sign_in(approve=lambda code: world.control.set_clock(advance=1000))


@pytest.mark.parametrize(
    ("flaw", "words"),
    [
        ("wrong_audience", "another application"),
        ("expired", "no longer valid"),
        ("consumer_tenant", "personal Microsoft account"),
        ("foreign_tenant", "another organisation"),
        ("wrong_issuer", "somebody else"),
        ("bad_signature", "could not be verified"),
        ("unsigned", "signed in a way"),
    ],
)
def test_flawed_id_tokens_are_refused(world: GraphWorld, flaw: str, words: str) -> None:
    """msal accepts all of these; none may connect an account."""
    world.control.set_id_token_flaw(flaw)
    try:
        with pytest.raises(UserError, match=words):
            world.sign_in()
    finally:
        world.control.set_id_token_flaw(None)


def test_missing_permissions_are_named(world: GraphWorld) -> None:
    """A sign-in without the contacts permission would fail later: it is refused now."""
    world.control.set_behaviour(withheld_scopes="Contacts.ReadWrite")
    with pytest.raises(UserError, match=r"Contacts\.ReadWrite"):
        world.sign_in()


def test_a_nonce_that_does_not_fit_is_refused(world: GraphWorld) -> None:
    """Where a sign-in was started with a nonce, the ID token must carry that one."""
    response = world.control.token(ANN)
    with Connection(world.endpoints) as connection, pytest.raises(UserError, match="started here"):
        validated(response["id_token"], world.endpoints, connection, world.waits.timing().clock, nonce="n")


def test_any_tenant_is_taken_until_it_is_known(world: GraphWorld) -> None:
    """The first account tells the organisation's tenant."""
    response = world.control.token(BOB)
    anyone = replace(world.endpoints, tenant="")
    with Connection(anyone) as connection:
        account = validated(response["id_token"], anyone, connection, world.waits.timing().clock)
    assert account.tenant == TENANT


def test_scopes_are_read_in_both_spellings(world: GraphWorld) -> None:
    """Short and prefixed scope names mean the same, in the answer and in the kept cache."""
    assert scope_names(["https://graph.microsoft.com/User.Read", "Contacts.ReadWrite"]) == {
        "user.read", "contacts.readwrite",
    }  # fmt: skip
    assert not granted_all(["User.Read"])
    world.control.set_behaviour(scope_spelling="prefixed")
    store = KeptText(world.sign_in().cache)
    with Connection(world.endpoints) as connection:
        assert tokens(world, store, connection).access()
    assert store.version == 1


def test_a_kept_token_needs_no_call(world: GraphWorld) -> None:
    """While the access token is good nobody is asked for another."""
    store = KeptText(world.sign_in().cache)
    world.control.reset("log")
    with Connection(world.endpoints) as connection:
        kept = tokens(world, store, connection)
        assert kept.access() == kept.access()
    assert world.control.totals().requests == 0


def test_an_old_token_is_renewed_and_the_new_sign_in_kept(world: GraphWorld) -> None:
    """Refresh tokens are replaced at each use: the new one is saved, and works the next time."""
    store = KeptText(world.sign_in().cache)
    for _ in range(2):
        world.waits.slept.append(3600.0)
        before = store.text
        with Connection(world.endpoints) as connection:
            assert tokens(world, store, connection).access()
        assert store.text != before
    assert store.version == 3


def test_two_processes_may_share_a_sign_in(world: GraphWorld) -> None:
    """A refresh token that another process has just used up is refused: the store is read again before giving up."""
    store = KeptText(world.sign_in().cache)

    class Behind(KeptText):
        """Shows the old text first, as a process sees it that read just before the other one saved."""

        loads = 0

        def load(self) -> tuple[str, int]:
            self.loads += 1
            old, self.text, self.version = (self.text, self.version), store.text, store.version
            return old

    behind = Behind(store.text)
    world.waits.slept.append(3600.0)
    with Connection(world.endpoints) as connection:
        assert tokens(world, store, connection).access()
        assert tokens(world, behind, connection).access()
    assert behind.loads == 2


def test_a_lost_race_keeps_the_winners_sign_in(world: GraphWorld) -> None:
    """Compare-and-set: the loser's text is not stored over the winner's, and its own token still serves."""

    class Raced(KeptText):
        def save(self, text: str, version: int) -> bool:
            self.version += 1
            return super().save(text, version)

    store = Raced(world.sign_in().cache)
    before = store.text
    world.waits.slept.append(3600.0)
    with Connection(world.endpoints) as connection:
        assert tokens(world, store, connection).access()
    assert store.text == before


def test_a_revoked_sign_in_needs_the_person(world: GraphWorld) -> None:
    """invalid_grant, also after reading the store again, pauses this account alone."""
    store = KeptText(world.sign_in().cache)
    world.control.revoke_sign_in(ANN)
    world.waits.slept.append(3600.0)
    with Connection(world.endpoints) as connection, pytest.raises(SignInNeeded, match="connect the account again"):
        tokens(world, store, connection).access()


@pytest.mark.parametrize("text", ["", "{}"])
def test_nothing_kept_needs_the_person(world: GraphWorld, text: str) -> None:
    """An empty store, or a cache without an account, is no sign-in."""
    with Connection(world.endpoints) as connection, pytest.raises(SignInNeeded):
        tokens(world, KeptText(text), connection).access()


@pytest.mark.parametrize("kind", ["status", "html", "drop_answer"])
@pytest.mark.parametrize("path", ["token$", "openid-configuration$"])
def test_a_sign_in_service_in_trouble_pauses_nobody(world: GraphWorld, kind: str, path: str) -> None:
    """When the service is down or answers nonsense the sign-in is not lost: later is soon enough."""
    store = KeptText(world.sign_in().cache)
    world.waits.slept.append(3600.0)
    action: dict[str, Any] = {"kind": kind} | ({"status": 503} if kind == "status" else {})
    world.control.add_rule(action, path=path, count=0)
    with Connection(world.endpoints) as connection, pytest.raises(Unavailable):
        tokens(world, store, connection).access()


def test_tokens_appear_in_no_error_and_no_log(world: GraphWorld, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the refresh token nor an access token is ever written out."""
    caplog.set_level(logging.DEBUG)
    store = KeptText(world.sign_in().cache)
    cache = json.loads(store.text)
    secrets = [entry["secret"] for part in ("RefreshToken", "AccessToken") for entry in cache[part].values()]
    world.control.revoke_sign_in(ANN)
    world.waits.slept.append(3600.0)
    with Connection(world.endpoints) as connection, pytest.raises(SignInNeeded) as caught:
        tokens(world, store, connection).access()
    written = str(caught.value) + "".join(record.getMessage() for record in caplog.records)
    assert not [secret for secret in secrets if secret in written]


def test_the_environments_certificates_do_not_count(world: GraphWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """CA variables that companies set neither break nor open a connection; without our CA file it is not trusted."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    monkeypatch.setenv("CURL_CA_BUNDLE", "/nowhere.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert world.sign_in().account.tenant == TENANT
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(world.endpoints.ca_file))
    untrusting = replace(world.endpoints, ca_file=None)
    with Connection(untrusting) as connection, pytest.raises(Unavailable, match="certificate is not trusted"):
        start_device_sign_in(untrusting, connection)


def test_an_unknown_application_is_told(world: GraphWorld) -> None:
    """A wrong client id is a setting to correct, not a crash."""
    wrong = replace(world.endpoints, client_id="aaaaaaaa-0000-4000-8000-000000000000")
    with Connection(wrong) as connection, pytest.raises(UserError, match="refused the sign-in") as caught:
        start_device_sign_in(wrong, connection)
    assert "client" in caught.value.hint


@pytest.mark.parametrize(
    ("authority", "graph"),
    [
        ("http://localhost:1/organizations", "https://graph.microsoft.com"),
        ("https://evil.example/organizations", "https://graph.microsoft.com"),
        ("https://login.microsoftonline.com/organizations", "https://evil.example"),
        ("https://login.microsoftonline.com/organizations", "http://graph.microsoft.com"),
        ("https://login.microsoftonline.com", "https://graph.microsoft.com"),
        ("https://a:b@login.microsoftonline.com/organizations", "https://graph.microsoft.com"),
        ("https://login.microsoftonline.com.evil.example/organizations", "https://graph.microsoft.com"),
        ("https://login.microsoftonline.com/organizations", "https://graph.microsoft.com?x=1"),
    ],
)
def test_addresses_that_are_not_microsofts_are_refused(authority: str, graph: str) -> None:
    """Tokens go to Microsoft or to this machine; anything else has to be allowed by name."""
    with pytest.raises(UserError):
        Endpoints(authority, graph, CLIENT)


def test_a_test_authority_can_be_allowed_and_shows() -> None:
    """A test installation elsewhere is possible, and tells that it is one."""
    elsewhere = Endpoints("https://login.test/organizations", "https://graph.test", CLIENT, allow_test_authority=True)
    real = Endpoints("https://login.microsoftonline.com/organizations", "https://graph.microsoft.com/v1.0/", CLIENT)
    local = Endpoints("https://localhost:1/organizations", "http://127.0.0.1:2", CLIENT)
    assert [one.testing for one in (elsewhere, real, local)] == [True, False, True]
    assert real.root == "https://graph.microsoft.com/v1.0"
