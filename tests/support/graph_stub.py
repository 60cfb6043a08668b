"""Scripted answers of Graph's $batch, for the failures that no emulator shows on demand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import responses

ROOT = "https://graph.microsoft.com/v1.0"
Turn = Callable[[dict[str, Any]], Mapping[str, object]]


def on_batch(mock: responses.RequestsMock, *turns: Turn) -> list[list[str]]:
    """Answer $batch calls: each turn maps one item to its response (without id); the last turn repeats. Returns the
    ids of each call's items as they come."""
    seen: list[list[str]] = []

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        items = json.loads(request.body)["requests"]
        turn = turns[min(len(seen), len(turns) - 1)]
        seen.append([item["id"] for item in items])
        rows = [{"id": item["id"], **turn(item)} for item in reversed(items)]
        return 200, {}, json.dumps({"responses": [row for row in rows if row.get("status")]})

    mock.add_callback(responses.POST, f"{ROOT}/$batch", answer)
    return seen
