"""Settings as people type them: checked against the rule files, with suggestions."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.context import EVERYTHING
from engine.errors import UserError
from engine.language.program import Program
from engine.records import Side
from tandem.settingvalues import Level, find, parse, text


def folders(side: Side, kind: str) -> Sequence[str] | None:
    return ["Clients", "Key Accounts"] if (side, kind) == ("crm", "Folder") else None


@pytest.mark.parametrize(
    ("name", "words", "value", "told"),
    [
        ("only_my_items", ["No"], False, "no"),
        ("contacts.direction", ["to_m365"], "to_m365", "to_m365"),
        ("crm_folders", ["everything"], EVERYTHING, "everything"),
        ("crm_folders", ["clients", "KEY  accounts", "Clients"], ("Clients", "Key Accounts"), "Clients; Key Accounts"),
        ("m365_folders", ["Anything", "none"], ("Anything", "none"), "Anything; none"),
    ],
)
def test_values_are_read_and_told(program: Program, name: str, words: list[str], value: object, told: str) -> None:
    """Words become values, CRM folders are spelt as the CRM spells them, and values read as they were typed."""
    found = parse(find([program], name, "user"), words, folders)
    assert found == value and text(found) == told


@pytest.mark.parametrize(
    ("name", "words", "level", "message", "hint"),
    [
        ("direcion", ["both"], "user", "no setting direcion", "“direction”"),
        ("conflict", ["crm"], "user", "set for the organisation only", "tandem org set"),
        ("crm_folders", ["x"], "org", "set for users only", "tandem user set"),
        ("direction", ["bothe"], "org", "bothe is not a value", "“both”"),
        ("direction", ["sideways"], "org", "sideways is not a value", "It can be: both"),
        ("ticked_only", ["maybe"], "org", "maybe is not a value", "yes or no"),
        ("ticked_only", ["yes", "no"], "org", "takes one value", "yes or no"),
        ("crm_folders", ["Clints"], "user", "no folder Clints", "“Clients”"),
    ],
)
def test_what_is_no_value_is_refused(
    program: Program, name: str, words: list[str], level: Level, message: str, hint: str
) -> None:
    """A wrong name, level or value says which ones there are."""
    with pytest.raises(UserError) as problem:
        parse(find([program], name, level), words, folders)
    assert message in str(problem.value) and hint in problem.value.hint
