"""T900 to T999: lawful words whose behaviour is not built yet."""

from __future__ import annotations

from engine.language.catalogue.code import Code

CODES: tuple[Code, ...] = ()
