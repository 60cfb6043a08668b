"""Order hints: clients ask for a place as `<previous> <next>!`, the service answers with a hint of its own."""

import re

from graph_emulator.messages import GraphError

_ASKED = re.compile(r"([!-~]*) ([!-~]*)!")
_LOWEST, _HIGHEST = 0x21, 0x7E
_LONGEST = 200


def asked(name: str, value: object) -> str:
    """A hint as clients have to write it; GraphError 400, also for one that was read from the service."""
    if not isinstance(value, str) or len(value) > _LONGEST or not _ASKED.fullmatch(value):
        raise GraphError(400, "BadRequest", f"The order hint in '{name}' is invalid.")
    return value


def placed(hint: str, serial: int) -> str:
    """The hint that an asked-for place gets; `serial` puts ` !` before everything older. GraphError 400."""
    match = _ASKED.fullmatch(hint)
    before, after = match.groups() if match else ("", "")
    if not before and not after:
        return f"85{10**12 - serial:012}P"
    return _between(before, after)


def _between(before: str, after: str) -> str:
    """A text that sorts between two; an empty `after` means no end."""
    text, bounded = "", bool(after)
    for at in range(_LONGEST):
        low = ord(before[at]) if at < len(before) else _LOWEST
        if bounded and at >= len(after):
            break
        high = ord(after[at]) if bounded else _HIGHEST + 1
        if high - low > 1:
            return text + chr((low + high) // 2)
        if high < low:
            break
        text += chr(low)
        bounded = bounded and high == low
    raise GraphError(400, "BadRequest", "The order hint leaves no place between its two neighbours.")
