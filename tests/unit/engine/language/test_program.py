"""A compiled rule file answers what the runner asks, in the words of the rules."""

from __future__ import annotations

import traceback

import invented_systems as invented
import pytest
from invented_systems import card, context, ticket
from msgspec.structs import replace

from engine.context import EVERYTHING, SettingValue
from engine.language.program import Line, Program
from engine.records import Record, Reference, Value
from engine.schema import TEXT, Field, Schema, schemas


@pytest.fixture(scope="module")
def program() -> Program:
    """The invented rules, compiled."""
    return invented.compiled_once()


def line(program: Program, entry: str) -> Line:
    return next(found for found in program.lines if found.entry == f"tickets/map/{entry}")


# ---- settings and direction -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "ways"),
    [("both", (True, True)), ("to_m365", (True, False)), ("to_crm", (False, True)), ("off", (False, False))],
)
def test_direction_follows_the_setting(program: Program, chosen: str, ways: tuple[bool, bool]) -> None:
    """Each word of the setting allows just the writes it names."""
    found = program.direction(context(direction=chosen))
    assert ((found.to_m365, found.to_crm), found.entry) == (ways, "tickets/direction/follow")


# ---- scope ------------------------------------------------------------------------------------------------------


def test_the_first_failing_scope_entry_is_the_reason(program: Program) -> None:
    """Entries are asked in order, of the sides given only."""
    other = ticket(owner="u2", status="Cancelled")
    found = program.scope(other, None, context())
    assert found is not None and (found.text, found.entry, found.side) == ("not mine", "tickets/scope/not mine", "crm")
    found = program.scope(other, None, context(mine=False))
    assert found is not None and found.text == "cancelled"
    assert program.scope(ticket(helpers=("u3", "u1"), status="On Hold"), None, context()) is None
    assert program.scope(None, card(), context()) is None


def test_what_is_not_known_is_never_a_reason(program: Program) -> None:
    """A field that was not fetched neither holds nor fails; an empty one fails."""
    unknown = Record("crm", "Ticket", "t", "1", {"status": "Done"})
    assert program.scope(unknown, None, context()) is None
    assert program.scope(ticket(status="Done"), None, context()) is not None


@pytest.mark.parametrize(
    ("boards", "held", "chosen"),
    [
        (EVERYTHING, Reference("b1", "Home"), True),
        (EVERYTHING, None, True),
        (("b1",), Reference("b1", "Home"), True),
        (("HOME ",), Reference("b1", "Home"), True),
        (("b2", "Work"), Reference("b1", "Home"), False),
        ((), Reference("b1", "Home"), False),
        (("b1",), None, False),
        (("None",), None, True),
        (("none",), Reference("", "Start"), True),
        (("start",), Reference("", "Start"), True),
    ],
)
def test_collections_are_chosen_by_id_or_name(
    program: Program, boards: SettingValue, held: Reference | None, chosen: bool
) -> None:
    """Everything has all; a list names ids or names in any case, and the default place as none."""
    assert (program.scope(None, card(board=held), context(boards=boards)) is None) is chosen
    if held is not None:
        assert program.reads_collection(held, context(boards=boards)) is chosen


def test_the_permission_entry_is_known_to_the_runner(program: Program) -> None:
    """A barred record never reaches a condition; the runner asks for the entry that speaks of it."""
    assert program.barred is not None
    assert (program.barred.text, program.barred.entry) == ("no permission", "tickets/scope/no permission")


def test_leaving_picks_the_first_entry_whose_when_holds(program: Program) -> None:
    """“over” is a due date before the user's today; nothing is known of a record that is gone."""
    reason = program.scope(ticket(owner="u2"), None, context())
    assert reason is not None
    over = ticket(due="2026-03-19")
    assert program.leaving(reason, over, None, context()).policy == "delete in m365"
    assert program.leaving(reason, ticket(due="2026-03-20"), None, context()).policy == "stop syncing"
    assert program.leaving(reason, None, card(), context()).policy == "stop syncing"
    unknown = replace(reason, text="a reason of another file")
    assert program.leaving(unknown, over, None, context()).policy == "stop syncing"


# ---- window -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("crm", "m365", "reason"),
    [
        ({"starts": "2026-03-20T09:00:00Z"}, None, None),
        ({"starts": "2026-01-20T08:59:59Z"}, None, "outside the window"),
        ({"starts": "2026-01-20T09:00:00Z"}, None, None),
        ({"starts": "2027-03-20T09:00:01Z"}, None, "outside the window"),
        ({}, None, "without a date"),
        (None, {"dueOn": "2026-03-30"}, None),
        (None, {"dueOn": "2026-03-31"}, "outside the window"),
        ({"starts": "2020-01-01T00:00:00Z"}, {"dueOn": "2026-03-06"}, None),
        ({"starts": "2020-01-01T00:00:00Z"}, {"dueOn": "2026-03-05"}, "outside the window"),
        ({}, {"dueOn": "2026-03-20"}, None),
    ],
)
def test_a_pair_is_inside_while_either_side_is(
    program: Program, crm: dict[str, str] | None, m365: dict[str, str] | None, reason: str | None
) -> None:
    """Ends count as inside; one record is judged alone; a side without a date leaves it to the other."""
    one = ticket(**crm) if crm is not None else None
    other = card(**m365) if m365 is not None else None
    found = program.window(one, other, context())
    assert (found.text if found else None) == reason
    assert program.window_choice.policy == "leave alone"


# ---- life cycle and precedence ----------------------------------------------------------------------------------


def test_changes_ask_their_conditions_in_order(program: Program) -> None:
    """The first entry of the event whose condition holds; otherwise is the last resort."""
    assigned = card(assignees=("u1",))
    assert program.change("created in m365", None, assigned, context()).policy == "create in crm"
    assert program.change("created in m365", None, assigned, context(user="u2")).policy == "leave alone"
    assert program.change("deleted in crm", None, card(), context()).entry == "tickets/changes/deleted in crm"


def test_conflicts_follow_settings_and_first_agreement_is_its_own(program: Program) -> None:
    """Who wins is looked up per pair and names its entry."""
    assert program.conflict(ticket(), card(), context()).winner == "crm"
    found = program.conflict(ticket(), card(), context(winner="m365"))
    assert (found.winner, found.entry) == ("m365", "tickets/conflict per record/m365 wins")
    assert program.first_agreement(ticket(), card(), context(winner="m365")).winner == "crm"
    assert program.conflict_per == "record" and program.fill_empty


# ---- lines ------------------------------------------------------------------------------------------------------


def test_sources_compute_what_no_field_holds(program: Program) -> None:
    """The user, a constant and the user's calendar day."""
    late = context(now=invented.NOW.replace(hour=23, minute=30), zone="Asia/Tokyo")
    made = {found.entry.rpartition("/")[2]: found.source(None, card(), late) for found in program.lines if found.source}
    assert made == {"owner<-user": "u1", '"Ticket"->phones[2]': "Ticket", "due<-today": "2026-03-21"}


def test_guards_are_false_for_what_is_not_known(program: Program) -> None:
    """“not over” needs a known due date or a known empty one."""
    guard = line(program, "starts<->startsAt").guard
    assert guard is not None
    assert guard(ticket(due="2026-03-20"), None, context())
    assert not guard(ticket(due="2026-03-19"), None, context())
    assert guard(ticket(), None, context())
    assert not guard(None, None, context())
    assert not guard(Record("crm", "Ticket", "t", "1", {}), None, context())


def test_moved_names_lines_that_left_their_base(program: Program) -> None:
    """A line counts when either side differs from its base or never had one; what was not fetched is left out."""
    entries = [found.entry.rpartition("/")[2] for found in program.lines]
    crm: dict[str, Value] = {"subject": "a", "points": 1, "colour": "red"}
    m365: dict[str, Value] = {"title": "a", "points": 2, "shade": "red"}
    moved = program.moved(crm, m365, {"subject": "a", "points": 1, "colour": "red"}, {"title": "a", "points": 1})
    assert moved == sorted(moved)
    assert {entries[index] for index in moved} == {"points<->points", "colour->shade"}


def test_project_leaves_out_what_is_guarded_unknown_or_untranslatable(program: Program) -> None:
    """What a new card would hold, by unguarded lines alone; a subject too long for a card is no title."""
    values = {
        "subject": "s" * 41, "status": "On Hold", "colour": "green", "starts": "2026-03-20T09:00:00Z",
        "notes": "n", "due": None, "shelf": Reference("s1", " Top "), "phone": " 020\r\n7946 ",
    }  # fmt: skip
    assert program.project["m365"](values, context()) == {
        "percent": 50, "colour": "green", "shade": "green", "dueOn": None, "shelfName": "Top", "phones[1]": "020\n7946",
    }  # fmt: skip


# ---- identity ---------------------------------------------------------------------------------------------------


def test_the_digest_covers_text_and_schemas(program: Program) -> None:
    """Any change of the rules, even in a comment, or of a schema makes another program."""
    from engine.language.compiler import compile_text

    assert invented.compiled().digest == program.digest
    assert invented.compiled(invented.RULES + "# a comment\n").digest != program.digest
    wider = Schema("m365", "card", (*invented.CARD.fields, Field("extra", TEXT)), ("title",), dated=False)
    others = schemas(invented.TICKET, invented.SHELF, wider, invented.BOARD)
    assert compile_text("tickets.rules", invented.RULES, others).digest != program.digest


def test_every_entry_has_a_place(program: Program) -> None:
    """Entries that answers quote can be shown with file, line and text."""
    lines = invented.RULES.split("\n")
    place = program.place("tickets/map/phone<->phones[1]")
    assert place.file == "tickets.rules" and lines[place.line - 1].split() == place.text.split()
    quoted = [found.entry for found in program.lines] + [found.entry for found in program.matches]
    assert all(entry in program.entries for entry in quoted)


def test_a_crash_names_the_rule_line(program: Program) -> None:
    """A value no adapter may hand over fails inside generated code, whose traceback points into the rule file."""
    with pytest.raises(ValueError, match="no date") as caught:
        program.window(ticket(starts="no date at all, and long"), None, context())
    frames = traceback.extract_tb(caught.value.__traceback__)
    frame = next(frame for frame in frames if frame.filename == "tickets.rules")
    assert frame.lineno is not None
    assert invented.RULES.split("\n")[frame.lineno - 1].strip().startswith("crm.starts")
