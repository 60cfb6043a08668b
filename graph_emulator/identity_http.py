"""Identity over HTTP: discovery, keys, device codes, tokens, and the page on which people type a code."""

import html
from collections.abc import Mapping
from urllib.parse import parse_qsl

from graph_emulator.exchange import HttpRequest
from graph_emulator.identity import SignInError
from graph_emulator.journal import RequestRecord
from graph_emulator.messages import Answer, Properties
from graph_emulator.world import World

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


async def serve(world: World, request: HttpRequest, record: RequestRecord) -> Answer:
    """Answer one identity request; refusals come in OAuth's shape."""
    with world.lock:
        try:
            return _dispatch(world, request, record)
        except SignInError as error:
            return _refusal(world, error, request)


def _dispatch(world: World, request: HttpRequest, record: RequestRecord) -> Answer:
    authority, _, rest = request.path.strip("/").partition("/")
    if request.path == "/common/discovery/instance":
        return _ok(_instances(world))
    if not world.identity.tenants_of(authority):
        raise SignInError("invalid_tenant", 90002, f"Tenant '{authority}' was not found.")
    if rest == "v2.0/.well-known/openid-configuration":
        return _ok(_discovery(world, authority))
    if rest == "discovery/v2.0/keys":
        return _ok(world.identity.key_set())
    if rest in ("oauth2/v2.0/devicecode", "oauth2/v2.0/token"):
        if request.method != "POST":
            raise SignInError("invalid_request", 900561, "This endpoint takes POST requests only.")
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        return _ok(_device_code(world, authority, form) if rest.endswith("code") else _token(world, form, record))
    raise SignInError("invalid_request", 404, "There is nothing at this address.")


def _discovery(world: World, authority: str) -> Properties:
    base = f"{world.base_url}/{authority}"
    tenant = world.identity.tenants.get(authority.lower())
    issuer = f"{world.base_url}/{tenant.id if tenant else '{tenantid}'}/v2.0"
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_types_supported": ["code", "id_token", "code id_token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "name", "oid", "tid", "preferred_username"],
    }


def _instances(world: World) -> Properties:
    host = world.base_url.removeprefix("https://")
    row = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
    endpoint = f"{world.base_url}/common/v2.0/.well-known/openid-configuration"
    return {"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": [row]}


def _device_code(world: World, authority: str, form: Mapping[str, str]) -> Properties:
    device = world.identity.begin_device(authority, form.get("client_id", ""), form.get("scope", ""), world.behaviour)
    page = f"{world.base_url}/devicelogin"
    return {
        "user_code": device.user_code,
        "device_code": device.code,
        "verification_uri": page,
        "expires_in": world.behaviour.device_code_life,
        "interval": world.behaviour.device_code_interval,
        "message": f"To sign in, open the page {page} and enter the code {device.user_code}.",
    }


def _token(world: World, form: Mapping[str, str], record: RequestRecord) -> Properties:
    identity = world.identity
    client, kind = form.get("client_id", ""), form.get("grant_type", "")
    identity.check_client(client)
    if kind == DEVICE:
        grant = identity.redeem_device(form.get("device_code", ""), client)
    elif kind == "refresh_token":
        grant = identity.redeem_refresh(form.get("refresh_token", ""), client, form.get("scope", ""))
    else:
        raise SignInError("unsupported_grant_type", 70003, f"The grant type '{kind}' is not supported.")
    record.mailbox = identity.tenants[grant.tenant_id.lower()].users[grant.user_id].upn
    return identity.tokens(grant, world.behaviour)


def _ok(body: Properties) -> Answer:
    return Answer(200, body, {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"})


def _refusal(world: World, error: SignInError, request: HttpRequest) -> Answer:
    trace = world.next_request_id()
    body: Properties = {
        "error": error.error,
        "error_description": f"AADSTS{error.number}: {error.text} Trace ID: {trace}",
        "error_codes": [error.number],
        "timestamp": f"{world.clock.now():%Y-%m-%d %H:%M:%SZ}",
        "trace_id": trace,
        "correlation_id": request.headers.get("client-request-id") or trace,
    }
    return Answer(400, body, {"Content-Type": "application/json; charset=utf-8"})


def device_page(world: World, form: Mapping[str, str]) -> str:
    """The page for people: asks for the code, then for the user, then says how it went."""
    code = form.get("code", "")
    with world.lock:
        try:
            device = world.identity.by_user_code(code) if code else None
            if device and form.get("answer") == "decline":
                world.identity.decline(device)
                return _page("<p>Declined. You can close this page.</p>")
            if device and form.get("user"):
                user = world.identity.approve(device, form["user"])
                return _page(f"<p>Signed in as <b>{html.escape(user.upn)}</b>. You can close this page.</p>")
            if device:
                users = [
                    user for tenant in world.identity.tenants_of(device.authority) for user in tenant.users.values()
                ]
                choices = "".join(_choice(user.upn, user.name) for user in users)
                return _page(_form(f"<p>Who signs in?</p>{choices}{_hidden(code)}", "Approve") + _decline(code))
        except SignInError as error:
            return _page(f"<p>{html.escape(error.text)}</p>{_ask()}")
    return _page(_ask())


def _ask() -> str:
    return _form('<label>Code <input name="code" autofocus autocomplete="off" maxlength="20"></label>', "Next")


def _choice(upn: str, name: str) -> str:
    label = html.escape(f"{name} ({upn})")
    return f'<p><label><input type="radio" name="user" value="{html.escape(upn)}" required> {label}</label></p>'


def _hidden(code: str) -> str:
    return f'<input type="hidden" name="code" value="{html.escape(code)}">'


def _decline(code: str) -> str:
    return _form(f'{_hidden(code)}<input type="hidden" name="answer" value="decline">', "Decline")


def _form(inside: str, button: str) -> str:
    return f'<form method="post" action="/devicelogin">{inside}<button>{button}</button></form>'


def _page(inside: str) -> str:
    head = '<meta charset="utf-8"><title>Sign in (emulator)</title>'
    return f"<!DOCTYPE html><html lang='en'><head>{head}</head><body><h1>Sign in with a code</h1>{inside}</body></html>"
