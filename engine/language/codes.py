"""The numbered catalogue of everything a rule file can get wrong; each code has an explanation and two examples.

Scheme (and where the texts stand, in ``catalogue/``):
  T100-T199  text and layout                        text.py          front half (source, syntax)
  T200-T299  names                                  names.py         front half
  T300-T399  types, lenses, arrows                  types.py         back half
  T400-T499  tables (translate)                     tables.py        back half
  T500-T549  sections and policies that are missing policies.py      front half
  T550-T599  unreachable, unbounded, no key …       completeness.py  back half
  T600-T699  case files                             cases.py         engine/cases
Numbers are never used twice; T900 to T999 told of what was not built yet. Each code has golden files under
tests/unit/engine/language/golden.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.language.catalogue import cases, completeness, names, policies, tables, text, types
from engine.language.catalogue.code import Code

_ALL = (
    *text.CODES, *names.CODES, *types.CODES, *tables.CODES, *policies.CODES, *completeness.CODES,
)  # fmt: skip

CATALOGUE: Final[Mapping[str, Code]] = {code.code: code for code in _ALL}

CASES: Final[Mapping[str, Code]] = {code.code: code for code in cases.CODES}
"""The codes of case files, which have golden files under tests/unit/engine/cases/golden."""

_INTRODUCTION: Final = """\
# What can be wrong with a rule file

Every message of the rule compiler has a code. This page explains each of them, with an example of the mistake and of
what to write instead. It is made from the compiler's own catalogue, and so are the examples tried: each wrong one
gives its message, each right one compiles.
"""
_HUNDREDS: Final[Mapping[str, str]] = {
    "T1": "Text and layout", "T2": "Names", "T3": "Types, lenses and arrows", "T4": "Translate tables",
    "T5": "Sections, cases and choices",
    "T6": "Case files",
}  # fmt: skip
_SHOWN: Final = str.maketrans({"\t": "⇥", "\u00a0": "⍽"})


def reference() -> str:
    """The reference page of all codes, as Markdown."""
    parts, known = [_INTRODUCTION], {**CATALOGUE, **CASES}
    for hundred, title in _HUNDREDS.items():
        codes = sorted(code for code in known if code.startswith(hundred))
        if codes:
            parts.append(f"## {title}\n")
            parts += [_chapter(known[code]) for code in codes]
    return "\n".join(parts)


def _chapter(code: Code) -> str:
    right = f"Right:\n\n```text\n{_example(code.right)}\n```\n" if code.right.strip() else "Right: leave it out.\n"
    return (
        f"### {code.code} · {code.title}\n\n{code.explanation}\n\n"
        f"Wrong:\n\n```text\n{_example(code.wrong)}\n```\n\n{right}"
    )


def _example(text: str) -> str:
    lines = [line if len(line) <= 100 else f"{line[:99]}…" for line in text.strip("\n").translate(_SHOWN).split("\n")]
    return "\n".join(lines)
