"""The grammar itself: without conflicts, with named terminals, its tables kept safely."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import lark
import pytest

from engine import resources
from engine.language import grammar
from engine.language.forms import HEADINGS, SECTIONS


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    """Lark settles shift/reduce conflicts silently, except in debug mode: there are none to settle."""
    text = resources.grammar_text()
    level = lark.logger.level
    lark.logger.setLevel(logging.DEBUG)
    try:
        with caplog.at_level(logging.DEBUG, lark.logger.name):
            lark.Lark(text, parser="lalr", lexer="contextual", start=grammar.start_rules(text), debug=True)
    finally:
        lark.logger.setLevel(level)
    assert [record.message for record in caplog.records if "onflict" in record.message] == []


def test_a_conflict_would_be_noticed(caplog: pytest.LogCaptureFixture) -> None:
    """The test above sees a conflict where there is one."""
    lark.logger.setLevel(logging.DEBUG)
    with caplog.at_level(logging.DEBUG, lark.logger.name):
        lark.Lark('start: e\ne: e PLUS e | A\nPLUS: "+"\nA: "a"', parser="lalr", debug=True)
    lark.logger.setLevel(logging.CRITICAL)
    assert any("onflict" in record.message for record in caplog.records)


def test_every_terminal_has_a_name() -> None:
    """No terminal was named by Lark: all stand in the grammar under a name of their own."""
    text = resources.grammar_text()
    named = set(re.findall(r"^([A-Z][A-Z0-9_]*)(?:\.[0-9]+)?:", text, re.MULTILINE))
    assert {terminal.name for terminal in grammar.build(text).terminals} == named


def test_keywords_end_at_the_end_of_a_word() -> None:
    """A keyword of letters is followed by a word boundary, so that a name may begin like it."""
    loose = [t.name for t in grammar.parser().terminals if re.search(r"(?<!\\)[a-z]$", t.pattern.value)]
    assert loose == []


def test_every_section_has_a_start_rule_and_every_start_rule_a_section() -> None:
    """What the scanner hands out and what the grammar reads are the same kinds of entry."""
    rules = {form.rule for form in (*SECTIONS.values(), *HEADINGS.values())}
    assert rules == set(grammar.start_rules(resources.grammar_text()))


# ---- kept tables --------------------------------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of its own, not made yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "tandem-sync"


def parses(parser: lark.Lark) -> bool:
    return parser.parse("follow setting.direction", start="e_direction").data == "e_direction"


def test_tables_are_kept_for_this_user_alone(cache: Path) -> None:
    """The first parser leaves its tables in a folder that nobody else can open, the second one is made from them."""
    assert parses(grammar.parser.__wrapped__())
    kept = list(cache.iterdir())
    assert len(kept) == 1 and kept[0].stat().st_mode & 0o777 == 0o600
    assert cache.stat().st_mode & 0o777 == 0o700
    assert parses(grammar.parser.__wrapped__()) and list(cache.iterdir()) == kept


def test_damaged_tables_are_made_again(cache: Path) -> None:
    """Torn or foreign bytes in the place of the tables cost a moment and nothing else."""
    assert parses(grammar.parser.__wrapped__())
    (kept,) = cache.iterdir()
    good = kept.read_bytes()
    for bad in (b"", good[: len(good) // 2], b"\x80\x05nonsense"):
        kept.write_bytes(bad)
        assert parses(grammar.parser.__wrapped__())
        assert list(cache.iterdir()) == [kept] and len(kept.read_bytes()) > len(good) // 2


def test_a_folder_that_others_can_write_is_not_trusted(cache: Path) -> None:
    """Tables are neither read from nor written to a folder that is open to others, or that is a link elsewhere."""
    cache.mkdir(mode=0o777)
    cache.chmod(0o777)
    assert resources.private_cache() is None
    assert parses(grammar.parser.__wrapped__()) and list(cache.iterdir()) == []
    cache.rmdir()
    elsewhere = cache.parent / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    cache.symlink_to(elsewhere)
    assert resources.private_cache() is None


def test_no_cache_folder_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no folder can be made, here below a file, the parser works all the same."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert resources.private_cache() is None
    assert parses(grammar.parser.__wrapped__())
