"""The reference page of diagnostics is made from the catalogue."""

from __future__ import annotations

import os
from pathlib import Path

from engine.language.codes import CATALOGUE, reference

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "diagnostics.md"


def test_the_page_is_up_to_date() -> None:
    """Making the page again changes nothing (TANDEM_WRITE_GOLDEN=1 writes it)."""
    if os.environ.get("TANDEM_WRITE_GOLDEN"):
        PAGE.write_text(reference())
    assert PAGE.read_text() == reference()


def test_every_code_has_a_chapter() -> None:
    """No code of the catalogue is left out of the page."""
    text = reference()
    assert [code for code in CATALOGUE if f"### {code} · " not in text] == []
