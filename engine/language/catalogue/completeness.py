"""T550 to T599: rules that can't act or never end a question."""

from __future__ import annotations

from engine.language.catalogue.code import Code

CODES: tuple[Code, ...] = ()
