"""Each code of the catalogue has a wrong file, what the compiler says about it, and examples that hold.

``golden/<code>.rules`` is the wrong file, ``golden/<code>.txt`` the rendered answer; where it takes two files to go
wrong the second is ``<code>.second.rules``. After a wanted change of a message, run the tests with the environment
variable TANDEM_WRITE_GOLDEN=1 once and look at the difference.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from engine.language.codes import CATALOGUE
from engine.language.compiler import compile_files
from engine.language.diagnostics import RuleErrors
from engine.language.source import LIMITS, Limits
from engine.schema import Schemas

SMALL = {
    "T101": Limits(file_bytes=2_600),
    "T108": Limits(entries=42),
    "T109": Limits(entry_characters=200),
    "T206": Limits(define_depth=3),
}
"""Limits for the codes about limits, so that their files stay small."""


def wrong_files(folder: Path, code: str) -> dict[str, bytes]:
    """The files of a code by the name that messages call them."""
    names = [f"{code}.rules", f"{code}.second.rules"]
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


def failing(files: dict[str, bytes], code: str, known: Schemas) -> RuleErrors:
    with pytest.raises(RuleErrors) as caught:
        compile_files(files, known, SMALL.get(code, LIMITS))
    return caught.value


@pytest.mark.parametrize("code", CATALOGUE)
def test_the_wrong_file_is_answered_as_recorded(code: str, golden: Path, known: Schemas) -> None:
    """Compiling the wrong file gives one problem, of this code, rendered as recorded."""
    error = failing(wrong_files(golden, code), code, known)
    rendered = str(error) + "\n"
    if os.environ.get("TANDEM_WRITE_GOLDEN"):
        (golden / f"{code}.txt").write_text(rendered)
    assert [problem.code for problem in error.problems] == [code]
    assert rendered == (golden / f"{code}.txt").read_text()


@pytest.mark.parametrize("code", CATALOGUE)
def test_the_right_example_mends_the_file(code: str, golden: Path, known: Schemas) -> None:
    """The catalogue's wrong example stands in the wrong file; with the right one in its place the file compiles."""
    files = wrong_files(golden, code)
    encoding = "latin-1" if code == "T102" else "utf-8"
    name = next(name for name, data in reversed(files.items()) if CATALOGUE[code].wrong.encode(encoding) in data)
    wrong, right = CATALOGUE[code].wrong.encode(encoding), CATALOGUE[code].right.encode()
    assert files[name].count(wrong) == 1
    files[name] = files[name].replace(wrong, right)
    programs = compile_files(files, known, SMALL.get(code, LIMITS))
    assert len(programs) == len(files)


def test_no_golden_file_is_left_over(golden: Path) -> None:
    """Every golden file belongs to a code of the catalogue."""
    assert {path.name.partition(".")[0] for path in golden.iterdir()} == set(CATALOGUE)


def test_codes_are_used_and_known() -> None:
    """Every code that the compiler can give is in the catalogue, and the catalogue has no code that it can't give."""
    folder = Path(compile_files.__code__.co_filename).parent
    used = {code for path in folder.rglob("*.py") if path.parent.name != "catalogue"
            for code in re.findall(r'"(T[0-9]{3})"', path.read_text())}  # fmt: skip
    assert used == set(CATALOGUE)


@pytest.mark.parametrize("code", CATALOGUE)
def test_the_catalogue_explains(code: str) -> None:
    """Title, explanation and examples are there, in whole sentences."""
    entry = CATALOGUE[code]
    assert entry.code == code and entry.title and not entry.title.endswith(".")
    assert entry.explanation.endswith(".") and len(entry.explanation) > 40
    assert entry.wrong != entry.right
