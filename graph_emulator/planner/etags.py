"""Etags as Planner writes them, and what a resource remembers of its versions: old ones count where nothing clashes."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from graph_emulator.behaviour import Behaviour
from graph_emulator.messages import GraphError

# Padded to a multiple of three, so that the number begins on a fresh base64 group.
KINDS = {"plan": "Plan  ", "bucket": "Bucket", "task": "Task  ", "details": "TaskDetails "}
# Digits whose base64 sorts like themselves at every place: newer is larger in ordinal order.
_DIGITS = "@DHLPTX\\`d"
_WRITTEN = str.maketrans("0123456789", _DIGITS)
_READ = str.maketrans(_DIGITS, "0123456789")
_HEADER = re.compile(r'W/"([A-Za-z0-9+/]+={0,2})"')
_INNER = re.compile(rf"'1-({'|'.join(KINDS.values())})([{re.escape(_DIGITS)}]{{16}})'")


def etag(kind: str, serial: int) -> str:
    """The etag of version `serial` of a resource of the kind."""
    inner = f"'1-{KINDS[kind]}{f'{serial:016}'.translate(_WRITTEN)}'"
    return f'W/"{base64.b64encode(inner.encode()).decode()}"'


def read(header: str) -> tuple[str, int] | None:
    """Kind and serial of an etag copied byte for byte; None for anything else, `*` and lists included."""
    outer = _HEADER.fullmatch(header)
    try:
        inner = _INNER.fullmatch(base64.b64decode(outer.group(1), validate=True).decode("ascii")) if outer else None
    except ValueError:
        return None
    if inner is None:
        return None
    kind = next(kind for kind, name in KINDS.items() if name == inner.group(1))
    return kind, int(inner.group(2).translate(_READ))


@dataclass(eq=False, slots=True)
class Version:
    """Serials of a resource's versions in order, and which version changed which path (`title`, `checklist/<id>`)."""

    kind: str
    serials: list[int]
    changed: dict[str, int] = field(default_factory=dict)

    def etag(self) -> str:
        """The present etag."""
        return etag(self.kind, self.serials[-1])

    def move(self, serial: int, paths: Iterable[str]) -> None:
        """A new version that changed the paths."""
        self.serials.append(serial)
        self.changed.update(dict.fromkeys(paths, serial))

    def seen(self, header: str | None, behaviour: Behaviour) -> int:
        """The version that an If-Match names; GraphError 412 if missing, foreign or unknown, as set if malformed."""
        if not header:
            raise GraphError(412, "PreconditionRequired", "The If-Match header must be specified for this request.")
        named = read(header.strip())
        if named is None:
            status = behaviour.planner_malformed_etag_status
            raise GraphError(status, "BadRequest", "The If-Match header contains an invalid value.")
        kind, serial = named
        if kind != self.kind or serial not in self.serials[-behaviour.planner_etag_memory :]:
            raise GraphError(412, "PreconditionFailed", "The If-Match header contains an invalid value.")
        return serial

    def refuse_conflict(self, seen: int, paths: Iterable[str]) -> None:
        """GraphError 409 when one of the paths changed after version `seen`."""
        if any(self.changed.get(path, 0) > seen for path in paths):
            raise conflict()

    def refuse_stale(self, seen: int) -> None:
        """GraphError 409 unless version `seen` is the present one."""
        if seen != self.serials[-1]:
            raise conflict()


def conflict() -> GraphError:
    """The refusal of a write that clashes with a newer one."""
    return GraphError(409, "Conflict", "The change conflicts with a newer version of the resource. Read it again.")
