"""What the catalogue holds about one code."""

from __future__ import annotations

from msgspec import Struct


class Code(Struct, frozen=True):
    """``wrong`` stands word for word in the code's golden file; with ``right`` in its place the problem is gone
    (a test holds both)."""

    code: str
    title: str
    explanation: str
    wrong: str
    right: str
