"""Traps of identity: plain HTTP, and Microsoft's own sign-in library."""

import base64
import json
import threading

import jwt
import msal
import pytest
import requests
import trustme

ANN = "ann@firm.example"
TENANT, CLIENT = "11111111-2222-4333-8444-555555555555", "aaaaaaaa-2222-4333-8444-555555555555"
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
SCOPE = "openid profile offline_access User.Read Contacts.ReadWrite"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class Identity:
    """OAuth by hand."""

    def __init__(self, server):
        self.url = server.url
        self.session = requests.Session()
        self.session.trust_env, self.session.verify = False, str(server.ca_file)

    def post(self, endpoint, authority=TENANT, **form):
        url = f"{self.url}/{authority}/oauth2/v2.0/{endpoint}"
        return self.session.post(url, data={"client_id": CLIENT, **form}, timeout=10)

    def begin(self, scope=SCOPE, **more):
        answer = self.post("devicecode", scope=scope, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def redeem(self, flow):
        return self.post("token", grant_type=DEVICE, device_code=flow["device_code"])

    def refresh(self, token, **more):
        return self.post("token", grant_type="refresh_token", refresh_token=token, **more)


@pytest.fixture
def identity(server, control):
    client = Identity(server)
    yield client
    client.session.close()


@pytest.fixture
def sign_in(identity, control):
    def run(scope=SCOPE):
        flow = identity.begin(scope)
        control.approve_device(flow["user_code"], ANN)
        return identity.redeem(flow).json()

    return run


def validated(identity, token):
    """The claims of an ID token after the checks an application has to make itself."""
    discovery = identity.session.get(f"{identity.url}/{TENANT}/v2.0/.well-known/openid-configuration").json()
    keys = jwt.PyJWKSet.from_dict(identity.session.get(discovery["jwks_uri"]).json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(token, key.key, algorithms=["RS256"], audience=CLIENT, issuer=discovery["issuer"])


def test_device_code_is_pending_until_approved(identity, control):
    """Polling answers `authorization_pending` until the person has signed in; then the code works once."""
    flow = identity.begin()
    for _ in range(2):
        answer = identity.redeem(flow)
        assert (answer.status_code, answer.json()["error"]) == (400, "authorization_pending")
    control.approve_device(flow["user_code"], ANN)
    tokens = identity.redeem(flow).json()
    assert {"access_token", "refresh_token", "id_token", "client_info"} <= tokens.keys()
    assert identity.redeem(flow).json()["error"] == "bad_verification_code"


def test_declined_and_expired_device_codes(identity, control):
    """A person can decline, and a code expires."""
    flow = identity.begin()
    control.decline_device(flow["user_code"])
    assert identity.redeem(flow).json()["error"] == "authorization_declined"
    flow = identity.begin()
    control.set_clock(advance=flow["expires_in"] + 1)
    assert identity.redeem(flow).json()["error"] == "expired_token"


def test_people_approve_on_the_page(identity):
    """The verification page asks for the code, then for the user, and escapes what it shows."""
    flow = identity.begin()
    page = flow["verification_uri"]
    assert "<form" in identity.session.get(page).text
    wrong = identity.session.post(page, data={"code": "<script>"}).text
    assert "unknown, used or expired" in wrong and "<script>" not in wrong
    choice = identity.session.post(page, data={"code": flow["user_code"].lower()}).text
    assert ANN in choice and "Approve" in choice
    assert "Signed in" in identity.session.post(page, data={"code": flow["user_code"], "user": ANN}).text
    assert "access_token" in identity.redeem(flow).json()


def test_id_token_passes_every_check(identity, sign_in):
    """The ID token is signed by a published key, for this client, by the tenant's issuer, with tid, oid and name."""
    claims = validated(identity, sign_in()["id_token"])
    assert claims["iss"] == f"{identity.url}/{TENANT}/v2.0"
    assert (claims["tid"], claims["preferred_username"], claims["ver"]) == (TENANT, ANN, "2.0")


@pytest.mark.parametrize(
    ("flaw", "error"),
    [
        ("wrong_audience", jwt.InvalidAudienceError),
        ("expired", jwt.ExpiredSignatureError),
        ("wrong_issuer", jwt.InvalidIssuerError),
        ("consumer_tenant", jwt.InvalidIssuerError),
        ("foreign_tenant", jwt.InvalidIssuerError),
        ("bad_signature", jwt.InvalidSignatureError),
        ("unsigned", KeyError),
    ],
)
def test_flawed_id_tokens_are_issued_on_demand(identity, control, sign_in, flaw, error):
    """Trap 38: an ID token for another client, of another tenant, expired or badly signed comes in a good response."""
    control.set_id_token_flaw(flaw, count=1)
    tokens = sign_in()
    with pytest.raises(error):
        validated(identity, tokens["id_token"])
    validated(identity, sign_in()["id_token"])


def test_consumer_tenant_shows_in_token_and_client_info(control, sign_in):
    """A personal account carries the consumer tenant's id in `tid` and in the client info."""
    control.set_id_token_flaw("consumer_tenant")
    tokens = sign_in()
    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    info = json.loads(base64.urlsafe_b64decode(tokens["client_info"] + "=="))
    assert claims["tid"] == info["utid"] == CONSUMERS and CONSUMERS in claims["iss"]


def test_msal_accepts_flawed_id_tokens(identity, control):
    """Trap 38: Microsoft's library takes an ID token for another client, so the application has to check it."""
    control.set_id_token_flaw("wrong_audience")
    assert "access_token" in device_sign_in(identity, control, TENANT)


def test_refresh_tokens_rotate(identity, sign_in):
    """Trap 39: each refresh gives a new refresh token and the old one is refused from then on."""
    first = sign_in()["refresh_token"]
    second = identity.refresh(first).json()["refresh_token"]
    assert second != first
    again = identity.refresh(first)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert "access_token" in identity.refresh(second).json()


def test_revoked_sign_in(identity, control, sign_in, graph):
    """After a revocation refreshing is `invalid_grant`, and access tokens end at once or live on, as asked."""
    tokens = sign_in()
    bearer = f"Bearer {tokens['access_token']}"
    control.revoke_sign_in(ANN, access_tokens=False)
    assert graph("GET", "/me", Authorization=bearer).status_code == 200
    control.revoke_sign_in(ANN)
    assert graph("GET", "/me", Authorization=bearer).status_code == 401
    assert identity.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_scopes_come_in_two_spellings(control, sign_in):
    """Trap 40: the granted scopes are written short or with Graph's address, whatever was asked."""
    long = "https://graph.microsoft.com/Contacts.ReadWrite"
    assert long in sign_in(f"openid offline_access {long}")["scope"].split()
    assert "Contacts.ReadWrite" in sign_in()["scope"].split()
    control.set_behaviour(scope_spelling="prefixed")
    assert long in sign_in()["scope"].split()
    control.set_behaviour(scope_spelling="short")
    assert "Contacts.ReadWrite" in sign_in(f"openid {long}")["scope"].split()


def test_fewer_scopes_than_asked(control, sign_in, graph):
    """A scope can be withheld: the response names fewer and the calls that need it are 403."""
    control.set_behaviour(withheld_scopes="Contacts.ReadWrite")
    tokens = sign_in()
    assert "Contacts.ReadWrite" not in tokens["scope"]
    assert graph("GET", "/me/contacts", Authorization=f"Bearer {tokens['access_token']}").status_code == 403


def test_unknown_tenant_client_scope_and_grant(identity):
    """Mistakes in the application's registration come as OAuth errors with AADSTS numbers."""
    cases = [
        (identity.post("devicecode", authority="no-such-tenant", scope=SCOPE), "invalid_tenant"),
        (identity.post("devicecode", client_id="unknown", scope=SCOPE), "unauthorized_client"),
        (identity.post("devicecode", scope="Everything.Write"), "invalid_scope"),
        (identity.post("token", grant_type="password"), "unsupported_grant_type"),
    ]
    for answer, error in cases:
        assert (answer.status_code, answer.json()["error"]) == (400, error)
        assert answer.json()["error_description"].startswith("AADSTS")


def test_user_of_another_tenant_signs_in_at_organizations_only(identity, control):
    """At `organizations` any tenant's user can sign in and the ID token tells which; at one tenant only its own."""
    other = "99999999-2222-4333-8444-555555555555"
    eve = {"id": "00000000-0000-4000-8000-0000000000ee", "userPrincipalName": "eve@other.example"}
    control.add_tenant({"tenantId": other, "clientId": CLIENT, "users": [eve]})
    flow = identity.begin(authority="organizations")
    control.approve_device(flow["user_code"], "eve@other.example")
    claims = jwt.decode(identity.redeem(flow).json()["id_token"], options={"verify_signature": False})
    assert claims["tid"] == other
    discovery = identity.session.get(f"{identity.url}/organizations/v2.0/.well-known/openid-configuration").json()
    assert discovery["issuer"] == f"{identity.url}/{{tenantid}}/v2.0"
    with pytest.raises(Exception, match="does not exist in this tenant"):
        control.approve_device(identity.begin()["user_code"], "eve@other.example")


def device_sign_in(identity, control, authority):
    control.set_behaviour(device_code_interval=0)
    app = msal.PublicClientApplication(
        CLIENT, authority=f"{identity.url}/{authority}", instance_discovery=False, http_client=identity.session
    )
    flow = app.initiate_device_flow(scopes=["User.Read", "Contacts.ReadWrite"])
    approval = threading.Timer(0.2, control.approve_device, (flow["user_code"], ANN))
    approval.start()
    result = app.acquire_token_by_device_flow(flow)
    approval.join()
    assert "access_token" in result, result
    (account,) = app.get_accounts()
    assert app.acquire_token_silent(["Contacts.ReadWrite"], account)["token_source"] == "cache"
    fresh = app.acquire_token_silent(["Contacts.ReadWrite"], account, force_refresh=True)
    assert fresh["token_source"] == "identity_provider"
    return fresh


@pytest.mark.parametrize("authority", [TENANT, "organizations"])
def test_msal_signs_in_and_refreshes(identity, control, graph, authority):
    """Microsoft's library signs in by device code, uses its cache, refreshes, and Graph takes the token."""
    fresh = device_sign_in(identity, control, authority)
    assert graph.get("/me", Authorization=f"Bearer {fresh['access_token']}")["userPrincipalName"] == ANN


def test_msal_refuses_plain_http(server):
    """The authority has to be https."""
    with pytest.raises(ValueError, match="https"):
        msal.PublicClientApplication(
            CLIENT, authority=f"http://localhost:{server.port}/{TENANT}", instance_discovery=False
        )


def test_environment_overrides_the_verify_argument(server, monkeypatch, tmp_path, control):
    """Trap 37: a CA bundle named in the environment replaces the one given, unless the session ignores it."""
    foreign = tmp_path / "foreign.pem"
    foreign.write_bytes(trustme.CA().cert_pem.bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(foreign))
    url = f"{server.url}/{TENANT}/v2.0/.well-known/openid-configuration"
    with pytest.raises(requests.exceptions.SSLError), requests.Session() as session:
        session.verify = str(server.ca_file)
        session.get(url, timeout=10)
    with requests.Session() as session:
        session.verify, session.trust_env = str(server.ca_file), False
        assert session.get(url, timeout=10).status_code == 200
