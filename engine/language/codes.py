"""The numbered catalogue of everything a rule file can get wrong; each code has an explanation and two examples.

Scheme (and where the texts stand, in ``catalogue/``):
  T100-T199  text and layout                        text.py          front half (source, syntax)
  T200-T299  names                                  names.py         front half
  T300-T399  types, lenses, arrows                  types.py         back half
  T400-T499  tables (translate)                     tables.py        back half
  T500-T549  sections and policies that are missing policies.py      front half
  T550-T599  unreachable, unbounded, no key …       completeness.py  back half
  T900-T999  lawful words whose behaviour is not built yet  later.py  front half
Numbers are never used twice. Each code has golden files under tests/unit/engine/language/golden.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.language.catalogue import completeness, later, names, policies, tables, text, types
from engine.language.catalogue.code import Code

_ALL = (
    *text.CODES, *names.CODES, *types.CODES, *tables.CODES, *policies.CODES, *completeness.CODES, *later.CODES,
)  # fmt: skip

CATALOGUE: Final[Mapping[str, Code]] = {code.code: code for code in _ALL}
