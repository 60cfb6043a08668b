"""Sign-in: device codes, tokens that rotate, ID tokens (also wrong ones on demand), whom a token speaks for."""

import base64
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from graph_emulator.behaviour import Behaviour
from graph_emulator.clock import Clock
from graph_emulator.identifiers import digest, guid, url64
from graph_emulator.messages import Caller, GraphError, Properties
from graph_emulator.people import Tenant, User

CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
GRAPH = "https://graph.microsoft.com"
ORDINARY = ("openid", "profile", "offline_access", "email")
SCOPES = (
    *("User.Read", "Contacts.Read", "Contacts.ReadWrite", "Calendars.ReadWrite", "Tasks.Read"),
    *("Tasks.ReadWrite", "MailboxSettings.Read", "Group.Read.All", "Group.ReadWrite.All"),
)
FLAWS = ("wrong_audience", "expired", "consumer_tenant", "foreign_tenant", "wrong_issuer", "bad_signature", "unsigned")


class SignInError(Exception):
    """A refusal of the token endpoint: OAuth error name, AADSTS number and text."""

    def __init__(self, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.error = error
        self.number = number
        self.text = text


@dataclass(frozen=True, slots=True)
class Grant:
    """What a refresh token stands for. `scopes` are short names, `spelling` as the client wrote them."""

    tenant_id: str
    user_id: str
    client_id: str
    scopes: tuple[str, ...]
    spelling: str


@dataclass(frozen=True, slots=True)
class Device:
    """A device sign-in under way; `user_id` is set when a person approved it."""

    code: str
    user_code: str
    authority: str
    client_id: str
    scope: str
    expires: float
    tenant_id: str = ""
    user_id: str = ""
    declined: bool = False


@lru_cache(maxsize=2)
def signing_key(name: str) -> rsa.RSAPrivateKey:
    """A key of this process: `own` signs, `other` is in no key set."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Identity:
    """All sign-ins of all tenants. Whoever calls holds the world's lock."""

    def __init__(self, seed: str, clock: Clock) -> None:
        self.seed = seed
        self.clock = clock
        self.base_url = ""
        self.key = signing_key("own")
        self.tenants: dict[str, Tenant] = {}
        self.devices: dict[str, Device] = {}
        self.refresh: dict[str, Grant] = {}
        self.access: dict[str, tuple[Caller, float]] = {}
        self.flaw: str | None = None
        self.flaw_count = 0
        self.serial = 0

    def tenants_of(self, authority: str) -> list[Tenant]:
        """The tenants that can sign in at an authority (a tenant id, `organizations` or `common`)."""
        if authority in ("organizations", "common"):
            return list(self.tenants.values())
        found = self.tenants.get(authority.lower())
        return [found] if found else []

    def caller(self, authorization: str) -> Caller:
        """Who the header's token speaks for; GraphError 401 for none, an unknown or an expired one."""
        kind, _, token = authorization.partition(" ")
        found = self.access.get(token) if kind.lower() == "bearer" else None
        if found is None:
            raise GraphError(401, "InvalidAuthenticationToken", "Access token is empty or invalid.")
        if found[1] <= self.clock.now().timestamp():
            raise GraphError(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
        return found[0]

    def user(self, caller: Caller) -> User:
        """The caller's user; GraphError 401 when the tenant or the user is gone."""
        tenant = self.tenants.get(caller.tenant_id.lower())
        found = tenant.users.get(caller.user_id) if tenant else None
        if found is None:
            raise GraphError(401, "InvalidAuthenticationToken", "The user or tenant of this token does not exist.")
        return found

    # Device code

    def begin_device(self, authority: str, client_id: str, scope: str, behaviour: Behaviour) -> Device:
        """Start a device sign-in; raises SignInError for an unknown client or scope."""
        self.check_client(client_id)
        short_scopes(scope)
        letters = digest(9, self.seed, "user code", self._next()).hex().upper()
        code = url64(digest(32, self.seed, "device", self._next()))
        expires = self.clock.now().timestamp() + behaviour.device_code_life
        self.devices[code] = Device(code, letters[:9], authority, client_id, scope, expires)
        return self.devices[code]

    def by_user_code(self, user_code: str) -> Device:
        """A sign-in under way by the code people type; raises SignInError."""
        wanted = user_code.replace("-", "").strip().upper()
        now = self.clock.now().timestamp()
        for device in self.devices.values():
            if device.user_code == wanted and device.expires > now and not (device.user_id or device.declined):
                return device
        raise SignInError("bad_verification_code", 70019, "That code is unknown, used or expired.")

    def approve(self, device: Device, upn: str) -> User:
        """A person signs in with the code; raises SignInError for a user this authority doesn't have."""
        for tenant in self.tenants_of(device.authority):
            user = tenant.by_upn(upn)
            if user is not None:
                self.devices[device.code] = replace(device, tenant_id=tenant.id, user_id=user.id)
                return user
        raise SignInError("access_denied", 50020, "That user does not exist in this tenant.")

    def decline(self, device: Device) -> None:
        """A person says no."""
        self.devices[device.code] = replace(device, declined=True)

    def redeem_device(self, code: str, client_id: str) -> Grant:
        """The grant of an approved sign-in; raises SignInError `authorization_pending` until then."""
        device = self.devices.get(code)
        if device is None or device.client_id != client_id:
            raise SignInError("bad_verification_code", 70019, "The device code is unknown or was used.")
        if device.declined:
            raise SignInError("authorization_declined", 70020, "The person declined.")
        if device.expires <= self.clock.now().timestamp():
            raise SignInError("expired_token", 70020, "The device code has expired.")
        if not device.user_id:
            raise SignInError("authorization_pending", 70016, "The person has not signed in yet.")
        del self.devices[code]
        return Grant(device.tenant_id, device.user_id, client_id, short_scopes(device.scope), device.scope)

    # Tokens

    def redeem_refresh(self, token: str, client_id: str, scope: str) -> Grant:
        """The grant of a refresh token, which is used up by this; raises SignInError `invalid_grant`."""
        grant = self.refresh.pop(token, None)
        if grant is None or grant.client_id != client_id:
            raise SignInError("invalid_grant", 50173, "The refresh token was revoked or replaced. Sign in again.")
        asked = short_scopes(scope) if scope else grant.scopes
        extra = [name for name in asked if name not in grant.scopes and name not in ORDINARY]
        if extra:
            raise SignInError("invalid_grant", 65001, f"The user has not consented to {' '.join(extra)}.")
        return replace(grant, spelling=scope or grant.spelling)

    def tokens(self, grant: Grant, behaviour: Behaviour) -> Properties:
        """A token response, with an ID token and a fresh refresh token if the scopes ask for them."""
        withheld = behaviour.withheld_scopes.split()
        granted = tuple(name for name in grant.scopes if name not in withheld)
        caller = Caller(grant.client_id, grant.tenant_id, grant.user_id, frozenset(granted))
        response: Properties = {
            "token_type": "Bearer",
            "scope": spelled(granted, grant.spelling, behaviour.scope_spelling),
            "expires_in": behaviour.access_token_life,
            "ext_expires_in": behaviour.access_token_life,
            "access_token": self._access_token(caller, behaviour),
            "client_info": self._client_info(grant),
        }
        if "offline_access" in granted:
            token = "1.A" + url64(digest(64, self.seed, "refresh", self._next()))
            self.refresh[token] = grant
            response["refresh_token"] = token
        if "openid" in granted:
            response["id_token"] = self._id_token(grant)
        return response

    def grant_for(self, user: User, scopes: tuple[str, ...] | None, behaviour: Behaviour) -> Properties:
        """Tokens for a user without a sign-in, for tests that aren't about signing in; all scopes if None."""
        tenant = next(tenant for tenant in self.tenants.values() if user.id in tenant.users)
        names = (*ORDINARY, *SCOPES) if scopes is None else scopes
        return self.tokens(Grant(tenant.id, user.id, tenant.client_ids[0], names, ""), behaviour)

    def revoke(self, user_id: str, access_tokens: bool = True) -> None:
        """End a user's sign-ins: refreshing gives `invalid_grant`, and access tokens stop working at once if asked."""
        self.refresh = {token: grant for token, grant in self.refresh.items() if grant.user_id != user_id}
        if access_tokens:
            self.end_access(user_id)

    def end_access(self, user_id: str) -> None:
        """Let a user's access tokens expire now."""
        kept = {token: row for token, row in self.access.items() if row[0].user_id != user_id}
        self.access = kept

    def check_client(self, client_id: str) -> None:
        """Raises SignInError for an application that no tenant knows."""
        if not any(client_id in tenant.client_ids for tenant in self.tenants.values()):
            raise SignInError("unauthorized_client", 700016, "The application is not registered here.")

    def key_set(self) -> Properties:
        """The public keys that ID tokens are signed with."""
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "use": "sig", "kid": self.key_id(), "alg": "RS256"}]}

    def key_id(self) -> str:
        """The key's name, which follows from the key."""
        return url64(digest(15, self.key.public_key().public_numbers().n))

    def _next(self) -> int:
        self.serial += 1
        return self.serial

    def _access_token(self, caller: Caller, behaviour: Behaviour) -> str:
        expires = self.clock.now().timestamp() + behaviour.access_token_life
        scopes = " ".join(sorted(caller.scopes - set(ORDINARY)))
        claims: dict[str, object] = {
            "aud": GRAPH,
            "tid": caller.tenant_id,
            "oid": caller.user_id,
            "appid": caller.client_id,
        }
        claims |= {"scp": scopes, "exp": int(expires), "jti": guid(self.seed, "access", self._next())}
        token = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.key_id()})
        self.access[token] = (caller, expires)
        return token

    def _take_flaw(self) -> str | None:
        flaw = self.flaw
        if flaw and self.flaw_count:
            self.flaw_count -= 1
            self.flaw = flaw if self.flaw_count else None
        return flaw

    def _id_token(self, grant: Grant) -> str:
        user = self.tenants[grant.tenant_id.lower()].users[grant.user_id]
        now = self.clock.now()
        flaw = self._take_flaw()
        tenant_id = {"consumer_tenant": CONSUMERS, "foreign_tenant": guid(self.seed, "foreign")}.get(
            flaw or "", grant.tenant_id
        )
        issuer = "https://localhost/other" if flaw == "wrong_issuer" else self.base_url
        end = now + timedelta(hours=-3 if flaw == "expired" else 1)
        claims = {
            "aud": guid(self.seed, "other client") if flaw == "wrong_audience" else grant.client_id,
            "iss": f"{issuer}/{tenant_id}/v2.0",
            "iat": int((end - timedelta(hours=1, minutes=5)).timestamp()),
            "nbf": int((end - timedelta(hours=1, minutes=5)).timestamp()),
            "exp": int(end.timestamp()),
            "name": user.name,
            "oid": user.id,
            "preferred_username": user.upn,
            "sub": url64(digest(32, user.id, grant.client_id)),
            "tid": tenant_id,
            "ver": "2.0",
        }
        if flaw == "unsigned":
            return jwt.encode(claims, "", algorithm="none")
        key = signing_key("other") if flaw == "bad_signature" else self.key
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": self.key_id()})

    def _client_info(self, grant: Grant) -> str:
        utid = CONSUMERS if self.flaw == "consumer_tenant" else grant.tenant_id
        return base64.urlsafe_b64encode(json.dumps({"uid": grant.user_id, "utid": utid}).encode()).decode().rstrip("=")


def short_scopes(scope: str) -> tuple[str, ...]:
    """Scopes in their short spelling; `.default` stands for all. Raises SignInError for one that does not exist."""
    names: list[str] = []
    for text in scope.split():
        name = text.removeprefix(f"{GRAPH}/")
        if name == ".default":
            names += SCOPES
        elif name.lower() in (known := {known.lower(): known for known in (*ORDINARY, *SCOPES)}):
            names.append(known[name.lower()])
        else:
            raise SignInError("invalid_scope", 70011, f"The scope {name} is not known.")
    return tuple(dict.fromkeys(names))


def spelled(granted: tuple[str, ...], asked: str, spelling: str) -> str:
    """Granted scopes as the response writes them: as they were asked for, all short, or all with Graph's address."""
    long = spelling == "prefixed" or (spelling == "as_asked" and f"{GRAPH}/" in asked)
    shown = [name for name in granted if name != "offline_access"]
    return " ".join(f"{GRAPH}/{name}" if long and name not in ORDINARY else name for name in shown)
