"""What the compiler refuses of types, arrows, places and keys beyond the one example per code."""

from __future__ import annotations

import invented_systems as invented
import pytest

from engine.language.diagnostics import RuleErrors

MAP = "  owner        <-   user                 on create\n"
GUARD = "when not over"


def problems(old: str, new: str) -> list[tuple[str, str, str]]:
    """Code, message and hint of each problem after one change of the invented rules."""
    assert invented.RULES.count(old) == 1
    with pytest.raises(RuleErrors) as caught:
        invented.compiled(invented.RULES.replace(old, new))
    return [(problem.code, problem.message, problem.hint) for problem in caught.value.problems]


def only(old: str, new: str) -> tuple[str, str, str]:
    [problem] = problems(old, new)
    return problem


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("colour       <-   shade", "T304", "has no “blue”"),
        ("colour       <->  shade", "T304", "don't have the same values"),
        ("shelves      <->  board      as first_folder   on create", "T915", "moving records"),
        ("place        <->  text", "T301", "several parts"),
        ("place.room   <->  text", "T312", "“text”"),
        ("place.room    ->  phones[2]", None, ""),
        ("shelf.name    ->  id", "T309", "“shelf”"),
        ("number       <-   text", "T310", "the CRM itself"),
        ("number       <->  id", "T310", "Microsoft 365 itself"),
        ("notes         ->  mails[2].name", "T311", "different parts"),
        ("reporter     <->  mails[3].address", "T311", "“mails[2]” is not"),
        ("reporter     <->  mails", "T301", "a list"),
        ("points       <-   title", "T301", "a whole number"),
        ("points       <-   7     on first sync", "T308", "joins two fields"),
        ("private      <-   7", "T307", "not 7"),
        ("points       <-   yes", "T307", "not yes"),
        ('colour       <-   "blue"', "T307", "not “blue”"),
        ("notes        <-   user", "T307", "not a user"),
        ("notes        <-   today    on create", "T307", "not a date"),
        ("notes        <-   setting.mine", "T307", "not yes or no"),
        ("points       <-   setting.winner", "T307", "“winner”"),
        ("owner        <-   user     as phone", "T303", "Only fields"),
        ("due          <-   today", "T308", "every day"),
        ("notes        <-   title", "T312", "“notes” is written by another line"),
        ("notes        <-   setting.winner   on create", None, ""),
        ("private      <-   setting.mine    on create", None, ""),
        ('colour       <-   "red"           on create', None, ""),
    ],
)
def test_map_lines(line: str, code: str | None, words: str) -> None:
    """One more map line, and what is wrong with it."""
    text = invented.RULES.replace(MAP, f"{MAP}  {line}\n")
    assert text != invented.RULES
    if code is None:
        assert invented.compiled(text).lines
        return
    with pytest.raises(RuleErrors) as caught:
        invented.compiled(text)
    assert (code, True) in [(p.code, words in p.message) for p in caught.value.problems], str(caught.value)


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("crm.owner is crm.subject", "T322"),
        ('crm.shelf is "Top"', None),
        ("crm.shelf is m365.board", "T322"),
        ("crm.shelf.name is m365.title", None),
        ("crm.points in [1, 2]", None),
        ('crm.points in [1, "two"]', "T322"),
        ("crm.helpers is user", "T321"),
        ("crm.helpers in m365.assignees", "T321"),
        ("crm.helpers shares any with m365.assignees", None),
        ("crm.helpers shares any with crm.owner", "T323"),
        ("crm.helpers shares any with m365.mails", "T322"),
        ("crm.subject in m365.phones", None),
        ("crm.points in m365.phones", "T322"),
        ("m365.board in setting.boards", None),
        ("crm.shelf in setting.boards", "T322"),
        ("crm.due falls on m365.startsAt", None),
        ("crm.due falls on m365.title", "T324"),
        ("crm.due after 2 days before m365.startsAt", None),
        ("crm.due after 2 days before crm.subject", "T324"),
        ("crm.due from crm.subject to now", "T324"),
        ("crm.subject", "T320"),
        ("crm.helpers", "T320"),
        ("not user may read crm", "T325"),
        ("user may read m365", "T325"),
        ("crm.helpers is not empty and crm.place is fetched", None),
    ],
)
def test_conditions(condition: str, code: str | None) -> None:
    """One guard, and what is wrong with it."""
    text = invented.RULES.replace(GUARD, f"when {condition}")
    if code is None:
        assert invented.compiled(text).lines
        return
    with pytest.raises(RuleErrors) as caught:
        invented.compiled(text)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_a_second_permission_entry_is_refused() -> None:
    """The runner knows one entry for a permission that was lost."""
    old = "  crm   needs helping  "
    code, message, _ = only(old, f'  crm   needs user may read crm   else "cancelled"\n{old}')
    assert (code, message) == ("T325", "Another entry speaks of this permission already.")


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("crm.subject is m365.title and not crm.due is m365.dueOn", "T554"),
        ("crm.subject is m365.title and crm.helpers shares any with m365.assignees", "T554"),
        ("crm.shelf is m365.board and crm.subject is m365.title", "T322"),
        ("crm.starts is m365.startsAt", "T554"),
        ("crm.subject is not empty", "T555"),
        ("crm.points is m365.points", "T556"),
        ("m365.title is crm.subject and crm.points is 3 and m365.hidden", None),
        ("crm.shelf.name in m365.phones", None),
    ],
)
def test_match_conditions(condition: str, code: str | None) -> None:
    """Between the sides only what can be looked up; tests of one side alone are free."""
    text = invented.RULES.replace("crm.subject is m365.title and crm.due is m365.dueOn", condition)
    if code is None:
        assert invented.compiled(text).matches
        return
    with pytest.raises(RuleErrors) as caught:
        invented.compiled(text)
    assert code in [problem.code for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("guards", "codes"),
    [
        (("when setting.mine", "when not setting.mine"), []),
        (("when setting.mine and setting.winner is crm", "when not setting.mine or setting.winner is m365"), []),
        (("when setting.winner in [crm, m365]", "otherwise"), ["T550"]),
        (("when crm.private", "when setting.winner is crm"), ["T562"]),
        (("when setting.mine and not setting.mine", "otherwise"), ["T550"]),
        (("when setting.boards is not empty", "otherwise"), []),
        (("when setting.winner is crm", "when setting.winner is crm"), ["T550", "T562"]),
    ],
)
def test_every_combination_of_settings_is_tried(guards: tuple[str, str], codes: list[str]) -> None:
    """An answer is proved for all settings, or the gap is shown; entries that never act are found."""
    start = invented.RULES.index("  crm wins:    when")
    used = "  crm wins:    when setting.winner is crm\n" if "winner" not in "".join(guards) else ""
    lines = f"  crm wins:    {guards[0]}\n  m365 wins:   {guards[1]}\n"
    text = invented.RULES[:start] + lines
    if used:
        text = text.replace("crm wins:        always", "crm wins:  when setting.winner is crm\n  m365 wins:  otherwise")
    if not codes:
        assert invented.compiled(text).conflict_per
        return
    with pytest.raises(RuleErrors) as caught:
        invented.compiled(text)
    assert sorted(problem.code for problem in caught.value.problems) == codes
