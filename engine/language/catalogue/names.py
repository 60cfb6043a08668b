"""T200 to T299: names."""

from __future__ import annotations

from engine.language.catalogue.code import Code

CODES: tuple[Code, ...] = ()
