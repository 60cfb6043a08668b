"""What a misspelt name probably meant; silent when nothing is close."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_CUTOFF = 0.6


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like this one, case aside; None beyond the cutoff, where a guess would mislead."""
    folded: dict[str, str] = {}
    for candidate in known:
        folded.setdefault(candidate.casefold(), candidate)
    found = difflib.get_close_matches(name.casefold()[:80], folded, n=1, cutoff=_CUTOFF)
    return folded[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``Did you mean “x”?``, or nothing."""
    found = closest(name, known)
    return f"Did you mean “{found}”?" if found else ""
