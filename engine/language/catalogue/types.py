"""T300 to T399: types, lenses and arrows."""

from __future__ import annotations

from engine.language.catalogue.code import Code

CODES: tuple[Code, ...] = ()
