"""The Lark parser of the rule language; its tables are built once and kept in a private folder of the user's."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import lark

from engine import resources

_KEEP_FORMAT = 1


@cache
def parser() -> lark.Lark:
    """The parser with one start rule for each kind of heading and entry; the same object in every call."""
    text = resources.grammar_text()
    folder = resources.private_cache()
    if folder is None:
        return build(text)
    kept = folder / f"rules-{_identity(text)}.tables"
    return _load(kept) or _build_and_keep(text, kept)


def start_rules(text: str) -> list[str]:
    """Names of the rules that a heading or entry is parsed from."""
    return re.findall(r"^([he]_[a-z_]+):", text, re.MULTILINE)


def build(text: str) -> lark.Lark:
    return lark.Lark(text, parser="lalr", lexer="contextual", start=start_rules(text), maybe_placeholders=False)


def _identity(text: str) -> str:
    made_of = f"{_KEEP_FORMAT} {lark.__version__} {platform.python_version()}\n{text}"
    return hashlib.blake2b(made_of.encode(), digest_size=12).hexdigest()


def _load(kept: Path) -> lark.Lark | None:
    """Tables from an earlier run; None when there are none, or they are torn or of another make."""
    load: Callable[..., lark.Lark] = lark.Lark.load
    try:
        with kept.open("rb") as file:
            return load(file)
    except FileNotFoundError:
        return None
    except Exception:  # unpickling damaged bytes may raise anything; the tables are rebuilt from the grammar
        kept.unlink(missing_ok=True)
        return None


def _build_and_keep(text: str, kept: Path) -> lark.Lark:
    built = build(text)
    try:
        handle, name = tempfile.mkstemp(dir=kept.parent, prefix=".tables-")
        with os.fdopen(handle, "wb") as file:
            built.save(file)
        Path(name).replace(kept)
    except OSError:  # a full or read-only disk costs the next start some milliseconds, nothing else
        return built
    return built
