"""Moments of journals and timetables, for people."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(milliseconds: int | None) -> str:
    """``2026-11-22 09:00:00``, UTC; '' for never."""
    if milliseconds is None:
        return ""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S}"
