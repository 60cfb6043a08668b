"""Query options and preferences of calendar reads, and a refusal for what events don't support."""

from dataclasses import dataclass

from graph_emulator import query
from graph_emulator.behaviour import Behaviour
from graph_emulator.calendar import zones
from graph_emulator.messages import Call, GraphError
from graph_emulator.query import MarkIs

EXCEPTIONS = "exceptionoccurrences"


@dataclass(frozen=True, slots=True)
class Form:
    """How events are to be told: kind of ids, zone of start and end, body as text or HTML."""

    immutable: bool
    zone: str
    as_text: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """The query of one read. `expand`: canonical ids of extended properties; `exceptions`: those of a series too."""

    select: tuple[str, ...] | None
    page_size: int
    skip: int
    mark: MarkIs | None
    expand: tuple[str, ...]
    exceptions: bool


def form(call: Call, behaviour: Behaviour) -> Form:
    """The preferences of a call; GraphError 400 for a zone that does not exist."""
    wanted = call.preferences()
    zone = zones.known(wanted["outlook.timezone"]) if wanted.get("outlook.timezone") else "UTC"
    as_text = wanted.get("outlook.body-content-type", "").lower() == "text"
    return Form(call.immutable(), "UTC" if behaviour.zone_preference_ignored else zone, as_text)


def options(call: Call, own: tuple[str, ...] = (), filters: bool = False) -> Asked:
    """Read the query; `own` are parameters of the function called. GraphError 400 for an option not supported."""
    known = {"$select", "$top", "$skip", "$expand"} | ({"$filter"} if filters else set())
    for name in call.query:
        if name.startswith("$") and name not in known:
            raise GraphError(400, "BadRequest", f"The query option '{name}' is not supported here.")
    condition = query.condition(call.query["$filter"]) if "$filter" in call.query else None
    if condition is not None and not isinstance(condition, MarkIs):
        raise GraphError(400, "ErrorInvalidParameter", "The query filter is invalid or not supported for events.")
    parts = _parts(call.query["$expand"]) if "$expand" in call.query else []
    plain = [part for part in parts if part.lower() != EXCEPTIONS]
    return Asked(
        query.select(call.query),
        query.page_size(call),
        query.number(call.query, "$skip") or 0,
        condition,
        tuple(name for part in plain for name in query.expansion(part)),
        len(plain) < len(parts),
    )


def parameter(call: Call, name: str) -> str | None:
    """A parameter of a function such as `startDateTime`, whatever the case of its name."""
    return next((value for key, value in call.query.items() if key.lower() == name.lower()), None)


def _parts(text: str) -> list[str]:
    """The parts of an `$expand`, split at the commas that are not inside parentheses or quotes."""
    parts, depth, quoted = [""], 0, False
    for letter in text:
        quoted ^= letter == "'"
        depth += 0 if quoted else (letter == "(") - (letter == ")")
        if letter == "," and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]
