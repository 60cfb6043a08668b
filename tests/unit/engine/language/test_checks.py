"""What the compiler refuses of types, arrows, places and keys beyond the one example per code."""

from __future__ import annotations

import invented_systems as invented
import pytest
import task_records as tasks

from engine.language.compiler import compile_text
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
        ("shelves      <->  board      as first_folder", None, ""),
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


TASKS = tasks.RULES
BUCKET = "  tasklist                <->  bucket                 as task_list\n"


def of_tasks(*changes: tuple[str, str]) -> list[tuple[str, str]]:
    """Code and message of each problem after some changes of the shipped rules of tasks."""
    text = TASKS
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    try:
        compile_text("tasks.rules", text, tasks.SCHEMAS)
    except RuleErrors as error:
        return [(problem.code, problem.message) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("due_date                <-   today", "T308", "every day"),
        ("due_date                <-   today    on create", None, ""),
        ("due_date                <-   today    at setting.start_time   on create", "T307", "not a date and time"),
        ("subject                 <-   user     at setting.start_time   on create", "T313", "no day here"),
        ("due_date                <-   user     keep others   on create", "T314", "no two lists"),
        ("private                 <-   yes      always", "T316", "two fields and one arrow"),
        ("private                 <-   yes      with users   on create", "T201", "called “users”"),
        ("private                 <-   yes      with title   on create", "T315", "“title”"),
        ("date_start              <->  completedDateTime   as day", "T313", "needs a time of day"),
        ("date_start               ->  startDateTime       as day, at setting.start_time", "T313", "nothing to do"),
        ("date_start              <->  startDateTime       as day, at setting.start_time", None, ""),
        ("due_date                <->  startDateTime       as day, at setting.start_time", "T303", "a date and time"),
        ("assigned_user_id         ->  createdBy           as connected_users", "T303", "a list of users"),
        ("taskpriority            <->  percentComplete     as day", "T303", "a date and time"),
        ("taskpriority             ->  priority            as progress", "T303", "heading"),
        ("setting.default_list     ->  title               as task_list   on create", "T303", "list of Planner"),
        ("tasklist                <-   setting.default_list   as task_list   on create", "T303", "on one side"),
        ("setting.default_list     ->  bucket              on create   when crm.private", "T307", "default_list"),
        ("setting.default_list     ->  bucket              as progress on create", "T303", "two fields"),
        ("setting.default_list     ->  bucket              as tsk_list on create", "T302", "tsk_list"),
        ("setting.direction        ->  bucket              as task_list   on create", "T303", "choose a record"),
        ("activitytype             ->  title", "T301", "one of Task"),
        ("subject                  ->  details", "T301", "several parts"),
        ("private                 <->  hasDescription", "T310", "Microsoft 365 itself"),
    ],
)  # fmt: skip
def test_map_lines_of_tasks(line: str, code: str | None, words: str) -> None:
    """One more map line among those of tasks, and what is wrong with it."""
    found = of_tasks((BUCKET, f"{BUCKET}  {line}\n"))
    assert (code is None and found == []) or (code, True) in [(c, words in message) for c, message in found], found


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("as connected_users, with assigned_user_id, keep others", "with assigned_user_id, keep others",
         ["T301"]),
        ("with assigned_user_id, keep others", "with users, keep others", ["T315"]),
        ("users                    ->  assignments            as connected_users, with",
         "users                   <->  assignments            as connected_users, with", ["T315", "T312"]),
        ("with assigned_user_id, keep others", "with assigned_user_id, keep others, always", ["T316"]),
        ("with assigned_user_id, keep others", "with assigned_user_id, keep others, on first sync", ["T308"]),
        ("as connected_users, with assigned_user_id, keep others", "as connected_users, with assigned_user_id", []),
        ("details.description    always", "details.description    always, on create", ["T316"]),
        ("details.description    when m365.details is fetched and due_nearby",
         "details.description    when m365.details is fetched or due_nearby", ["T564"]),
        ("details.description    when m365.details is fetched and due_nearby",
         "details.description    when not m365.details is fetched", ["T564"]),
        ("details.description    when m365.details is fetched and due_nearby",
         "details.description    when due_nearby and m365.details is fetched or m365.details is fetched", ["T123"]),
        ("fetch\n  m365.details    only when due_nearby or crm changed since last sync\n\n", "", ["T565"]),
        ("fetch\n  m365.details    only", "fetch\n  m365.bucket    only", ["T226"]),
        ("fetch\n  m365.details    only", "fetch\n  crm.subject    only", ["T226"]),
        ("fetch\n  m365.details    only", "fetch\n  m365.details.description    only", ["T226"]),
        ("skip to crm\n", "skip\n", ["T115"]),
        ("skip to crm\n", "skip to m365\n", []),
        ("at setting.start_time\n      when m365", "at setting.direction\n      when m365", ["T227"]),
        ("as day, at setting.start_time\n", "as day\n", ["T313"]),
        ("crm.tasklist.in_planner or", "crm.tasklist.in_planer or", ["T201"]),
        ("user in m365.assignments", "crm.assigned_user_id in m365.assignments", ["T322"]),
        ("user in m365.assignments", "m365.createdBy in m365.assignments", []),
        ("user in m365.assignments", "user is m365.createdBy", []),
        ("falls on m365.dueDateTime", "falls on m365.title", ["T324"]),
        ("crm.date_start falls on", "crm.due_date falls on", ["T556"]),
        ('"Cancelled"       ->  100', '"Waiting"         ->  20', []),
        ("  any other         ->  50\n", "", ["T402"]),
        ('  "In Progress"    <-   any other\n', "", ["T402"]),
        ('any other         ->  50', "Waiting           ->  20", ["T212"]),
        ('  "Done"           <->  100', "  Done             <->  100", []),
        ('keep "On Hold"      unless 0, 100', 'keep "Waiting"      unless 0, 100', []),
    ],
)  # fmt: skip
def test_rules_of_tasks(old: str, new: str, codes: list[str]) -> None:
    """One change of the shipped rules of tasks, and what is wrong with it."""
    assert [code for code, _ in of_tasks((old, new))] == codes


def test_a_conditional_define_may_ask_for_the_part() -> None:
    """Both branches of a define must ask, or its condition and the other branch."""
    line = "details.description    when m365.details is fetched and due_nearby"
    for body, codes in (
        ("m365.details is fetched when crm.private, else m365.details is fetched and due_nearby", []),
        ("due_nearby when m365.details is fetched, else m365.details is fetched", []),
        ("due_nearby when m365.details is fetched, else due_nearby", ["T564"]),
    ):
        define = ("  mine   ", f"  known         {body}\n  mine   ")
        assert [code for code, _ in of_tasks((line, "details.description    when known"), define)] == codes


def test_an_edit_is_no_setting() -> None:
    """Whether a side changed is not known beforehand, so a line that asks for it may or may not answer."""
    winner = '  crm wins:    always\n      "A task'
    text = '  crm wins:    when {0}\n  m365 wins:   otherwise\n      "A task'
    for condition in ("crm changed since last sync", "setting.direction is both and crm changed since last sync"):
        assert of_tasks((winner, text.format(condition))) == []
    assert [
        code
        for code, _ in of_tasks(
            (
                winner,
                text.format("setting.direction is both").replace(
                    "otherwise", "when setting.direction is not both and crm changed since last sync"
                ),
            )
        )
    ] == ["T562"]


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
        ("crm.starts is m365.startsAt", "T556"),
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
