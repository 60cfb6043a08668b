"""Answers that faults make or spoil."""

import gzip
import json
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit, urlunsplit

from graph_emulator import graph
from graph_emulator.delta import OWN
from graph_emulator.faults import Action
from graph_emulator.messages import Answer, GraphError
from graph_emulator.world import World

HTML = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>The network asks you to sign in</body></html>"
LINKS = ("@odata.nextLink", "@odata.deltaLink")


def before_applying(world: World, action: Action, path: str, headers: Mapping[str, str], query: str) -> Answer | None:
    """The answer given in place of applying the request, None for an action of another sort."""
    if action.kind == "html":
        return Answer(
            action.status or 200, HTML.encode(), {"Content-Type": "text/html; charset=utf-8", **action.headers}
        )
    if action.kind == "expire_delta" and any(name in unquote(query) for name in OWN):
        status = action.status or world.behaviour.delta_expired_status
        code = action.code or world.behaviour.delta_expired_code
        place = {"Location": f"{world.base_url}/v1.0{path}"}
        return graph.refusal(world, GraphError(status, code, "The sync state is not found.", place), headers)
    if action.kind != "status":
        return None
    if action.code:
        return graph.refusal(
            world, GraphError(action.status, action.code, "As the fault script says.", action.headers), headers
        )
    if isinstance(action.body, str):
        return Answer(action.status, action.body.encode(), {"Content-Type": "text/plain", **action.headers})
    return Answer(action.status, action.body, dict(action.headers))


def spoil(world: World, action: Action, answer: Answer, path: str, query: str) -> None:
    """Change an answer on its way out."""
    body = answer.body
    if action.kind == "endless_next" and action.fresh:
        again = f"{world.base_url}/v1.0{path}?%24skiptoken=again-{world.next_request_id()}"
        answer.status, answer.headers = 200, {"Content-Type": graph.JSON_TYPE}
        answer.body = {"value": [], "@odata.nextLink": again}
    elif not isinstance(body, dict):
        return
    elif action.kind == "endless_next":
        body.pop("@odata.deltaLink", None)
        body["@odata.nextLink"] = f"{world.base_url}/v1.0{path}" + (f"?{query}" if query else "")
    elif action.kind == "foreign_link":
        for name in LINKS:
            if isinstance(link := body.get(name), str):
                body[name] = urlunsplit(urlsplit(link)._replace(netloc=action.host))
    elif action.kind == "duplicate_keys":
        text = answer.encoded().decode()
        doubled = ",".join(f"{json.dumps(name)}:null" for name in body)
        answer.body = ("{" + doubled + "," + text[1:]).encode() if body else text.encode()
    elif action.kind == "deep":
        answer.body = b'{"value":' + b"[" * action.size + b"]" * action.size + b"}"
    elif action.kind == "oversized":
        answer.body = answer.encoded() + b" " * action.size
        if action.gzip:
            answer.body = gzip.compress(answer.body, 1)
            answer.headers["Content-Encoding"] = "gzip"
