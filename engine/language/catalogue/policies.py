"""T500 to T549: sections and policies that are missing."""

from __future__ import annotations

from engine.language.catalogue.code import Code

CODES: tuple[Code, ...] = ()
