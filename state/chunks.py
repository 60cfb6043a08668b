"""Long lists of keys, cut to what one statement may carry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

#: Keys per IN list: long enough for few statements, short enough for every database's limit on parameters.
SIZE: Final = 500


def chunks(items: Sequence[T], size: int = SIZE) -> Iterator[Sequence[T]]:
    """Consecutive slices of at most ``size``; none for an empty sequence."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
