"""Import and export: whole or not at all, the same twice, and out as it came in."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.csvexport import export_file, export_folder
from crm.csvfiles import COMPANIES, CONTACTS, SHEETS
from crm.csvimport import Counts, import_file, import_folder
from crm.fields import CONTACT_COLUMNS
from crm.kinds import KINDS
from engine.errors import UserError
from engine.records import Record, Reference, Value
from engine.schema import DATE, FLAG
from tests.unit.crm.desk import Desk

FIRM = Path(__file__).parents[3] / "tandem" / "firm" / "crm"

FILES = {
    "teams.csv": "Team,Description\nNorth,Up there\nSouth,\n",
    "users.csv": "user_name,first_name,last_name,email1,status,teams,time zone\n"
    "anna,Anna,Lee,anna@x.example,Active,North; South,Europe/London\nbert,,,,Inactive,,UTC\n",
    "folders.csv": "Folder,Description\nClients,All of them\nClients/North,\n",
    "companies.csv": "Company Id,Organisation Name,Assigned To\n51,Harbour Ltd,anna\n52,Twin Ltd,\n",
    "contacts.csv": "Contact Id,First Name,Last Name,Organisation Name,Office Phone,Birthday,Folder,Include in Sync,"
    "Assigned To\n"
    "7,Ann,Lee,Harbour Ltd,+44 20 7946 0000,1980-02-29,Clients; Clients/North,yes,anna\n8,Bo,,,,,,no,\n",
    "tasklists.csv": "Task List Id,Task List,In Planner\n50,Back office,\nbucket-1,Sales / To do,yes\n",
    "activities.csv": "Activity Id,Activity Type,Subject,Status,Start Date & Time,Due Date,Task List,Users,"
    "Assigned To\n"
    "7,,Call Ann,On Hold,2026-07-01 09:00,2026-07-02,sales / to do,bert; anna,anna\n9,Meeting,Ask Bo,,,,50,,bert\n",
    "shares.csv": "Contact Id,Activity Id,Team,User,Access\n7,,South,,read\n,9,,anna,edit\n",
}


def write_files(folder: Path, **replaced: str) -> Path:
    for name, content in FILES.items():
        (folder / name).write_text(replaced.get(name.removesuffix(".csv"), content), encoding="utf-8")
    return folder


def everything(desk: Desk) -> list[Record]:
    return [record for kind in KINDS for record in desk.store.records(kind)]


def test_a_folder_of_files_becomes_a_crm(desk: Desk, tmp_path: Path) -> None:
    """Users, teams, folders, companies, contacts, task lists, activities and shares, each as its file says."""
    counts = import_folder(desk.store, write_files(tmp_path))
    assert counts == {name: Counts(created=2, updated=0, unchanged=0) for name in FILES}
    record = desk.store.record("Contact", "7")
    assert record is not None
    assert record.values["accountid"] == Reference("51", "Harbour Ltd")
    assert [item.name for item in record.values["folder"] or ()] == ["Clients", "Clients/North"]
    assert {path: record.values[path] for path in ("phone", "birthday", "includeinsync", "assigned_user_id")} == {
        "phone": "+44 20 7946 0000", "birthday": "1980-02-29", "includeinsync": True, "assigned_user_id": "anna",
    }  # fmt: skip
    anna = desk.store.user("ANNA")
    assert anna is not None
    teams = {team.name: team.id for team in desk.store.teams()}
    assert (anna.zone, set(anna.teams)) == ("Europe/London", set(teams.values()))
    assert [(share.kind, share.crm_id, share.grantee_kind, share.access) for share in desk.store.shares()] == [
        ("Task", "9", "user", "edit"),
        ("Contact", "7", "team", "read"),
    ]
    task, meeting = desk.store.record("Task", "7"), desk.store.record("Task", "9")
    assert task is not None
    assert meeting is not None
    names = ("activitytype", "taskstatus", "date_start", "due_date", "users", "assigned_user_id")
    assert [task.values[name] for name in names] == [
        "Task", "On Hold", "2026-07-01T09:00:00Z", "2026-07-02", ("anna", "bert"), "anna",
    ]  # fmt: skip
    assert task.values["tasklist"] == Reference("bucket-1", "Sales / To do", ("in_planner",))
    assert [meeting.values[name] for name in names] == ["Meeting", "Not Started", None, None, None, "bert"]
    assert meeting.values["tasklist"] == Reference("50", "Back office")


def test_the_same_files_again_change_nothing(desk: Desk, tmp_path: Path) -> None:
    """No revision moves, so no mailbox has anything to do."""
    write_files(tmp_path)
    import_folder(desk.store, tmp_path)
    since, before = desk.head("anna"), everything(desk)
    counts = import_folder(desk.store, tmp_path)
    assert counts == {name: Counts(created=0, updated=0, unchanged=2) for name in FILES}
    assert (desk.head("anna"), everything(desk)) == (since, before)


def test_only_what_differs_is_updated(desk: Desk, tmp_path: Path) -> None:
    """Columns that a file does not have stay as they are; an empty cell empties."""
    import_folder(desk.store, write_files(tmp_path))
    (tmp_path / "contacts.csv").write_text("Contact Id,Office Phone,Folder\n7,,Clients/North\n8,,\n")
    assert import_file(desk.store, tmp_path / "contacts.csv") == Counts(created=0, updated=1, unchanged=1)
    record = desk.store.record("Contact", "7")
    assert record is not None
    assert (record.values["phone"], record.values["lastname"]) == (None, "Lee")
    assert [item.name for item in record.values["folder"] or ()] == ["Clients/North"]


@pytest.mark.parametrize(
    ("name", "content", "changed"),
    [
        ("teams", "Team,Sharing\nnorth,read\n", 1),
        ("users", "user_name,teams\nanna,North\nbert,\n", 1),
        ("users", "user_name,status,administrator\nanna,Inactive,yes\n", 1),
        ("folders", "Folder,Description\nclients,All of them\nClients/North,\n", 1),
        ("companies", "Company Id,Organisation Name\n51,Harbour Limited\n52,Twin Ltd\n", 1),
        ("companies", "Organisation Name,Assigned To\nHarbour Ltd,bert\nTwin Ltd,\n", 1),
        ("shares", "Contact Id,Activity Id,Team,User,Access\n7,,South,,edit\n,9,,anna,edit\n", 1),
        ("tasklists", "Task List Id,Task List,In Planner\n,back office,\nbucket-1,Sales / To do,no\n", 2),
        ("tasklists", "Task List\nback OFFICE\n", 1),
        ("activities", "Activity Id,Status,Users\n7,on hold,anna; BERT\n9,Done,\n", 1),
        ("activities", "Activity Id,Activity Type\n7,call\n9,meeting\n", 1),
        ("activities", "Activity Id,Task List\n7,\n9,Back office\n", 1),
    ],
)
def test_other_files_update_too(desk: Desk, tmp_path: Path, name: str, content: str, changed: int) -> None:
    """Rows are recognised by id, else by name in any case."""
    import_folder(desk.store, write_files(tmp_path))
    (tmp_path / f"{name}.csv").write_text(content)
    first = import_file(desk.store, tmp_path / f"{name}.csv")
    assert (first.created, first.updated) == (0, changed)
    assert import_file(desk.store, tmp_path / f"{name}.csv").updated == 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "contacts",
            "Contact Id,Birthday\n7,\n8,29.2.1980\n",
            "line 3: Birthday must be a date in the form yyyy-mm-dd",
        ),
        ("contacts", "Contact Id,Include in Sync\n7,perhaps\n", "line 2: Include in Sync must be yes or no"),
        ("contacts", "Contact Id\nseven\n", "line 2: Contact Id must be a whole number"),
        ("contacts", "Contact Id\n7\n8\n07\n", "line 4: this Contact Id stands in line 2 already"),
        (
            "contacts",
            "Organisation Name\nNobody Ltd\n",
            "line 2: Organisation Name names a company that the CRM does not",
        ),
        ("contacts", "Assigned To\nzoe\n", "line 2: Assigned To names a user that the CRM does not have"),
        ("contacts", "Folder\nClients; Other\n", "line 2: Folder names a folder that the CRM does not have"),
        ("contacts", f"Last Name\nok\n{'x' * 101}\n", "line 3: Last Name is longer than 100 characters"),
        ("contacts", 'Contact Id,Last Name\n9,ok\n10,"cut', "line 3: a cell opened by a quote"),
        ("contacts", "Contact Id,Last Name\n9,ok\n10", "line 3: 1 cells stand under 2 columns"),
        ("users", "user_name,teams\nanna,East\n", "line 2: teams names a team that the CRM does not have"),
        ("users", "user_name,time zone\nanna,Mars/Port\n", "line 2: The time zone is not known"),
        ("users", "user_name,status\nanna,Asleep\n", "line 2: Status must be one of: Active, Inactive"),
        ("users", "user_name\nanna\nANNA\n", "line 3: this user_name stands in line 2 already"),
        ("users", "user_name\n \n", "line 2: user_name is empty"),
        ("teams", "Team,Sharing\nNorth,all\n", "line 2: Sharing must be one of: none, read, edit"),
        ("companies", 'Organisation Name\n""\n', "line 2: Organisation Name is empty"),
        ("shares", "Contact Id,Team,User,Access\n7,North,anna,read\n", "line 2: exactly one of Team and User"),
        ("shares", "Contact Id,Team,User,Access\n7,,,read\n", "line 2: exactly one of Team and User"),
        ("shares", "Contact Id,Team,Access\n99,North,read\n", "line 2: The CRM has no such contact"),
        ("shares", "Contact Id,Team,Access\n7,North,write\n", "line 2: Access must be one of: read, edit"),
        ("shares", "Team,Access\nNorth,read\n", "line 2: exactly one of Contact Id and Activity Id must be filled in"),
        ("shares", "Contact Id,Activity Id,Team,Access\n7,9,North,read\n", "line 2: exactly one of Contact Id and"),
        ("shares", "Activity Id,Team,Access\n99,North,read\n", "line 2: The CRM has no such task"),
        ("tasklists", 'Task List\n" "\n', "line 2: Task List is empty"),
        ("tasklists", "Task List Id,Task List\nb1,Later\n", "line 2: Task List Id must be a whole number"),
        ("tasklists", "Task List,In Planner\nLater,yes\n", "line 2: Task List Id is empty"),
        ("tasklists", "Task List Id,Task List,In Planner\n5,A,\n5,B,\n", "line 3: this Task List Id stands in line 2"),
        ("tasklists", "Task List\nA\nb\na\n", "line 4: "),
        ("activities", "Subject,Status\nok,\n,Done\n", "line 3: Subject is empty"),
        ("activities", "Activity Id,Subject\n12,\n", "line 2: Subject is empty"),
        ("activities", "Activity Id,Status\n12,Done\n", "line 2: Subject is empty"),
        ("activities", "Activity Type,Subject\nParty,x\n", "line 2: Activity Type must be one of: Task, Meeting, Call"),
        ("activities", "Subject,Start Date & Time\nx,1.7.2026 9:00\n", "line 2: Start Date & Time must be a date and"),
        ("activities", "Subject,Start Date & Time\nx,2026-07-01\n", "line 2: Start Date & Time must be a date and"),
        ("activities", "Subject,Due Date\nx,01/07/2026\n", "line 2: Due Date must be a date in the form yyyy-mm-dd"),
        ("activities", "Subject,Task List\nx,Nowhere\n", "line 2: Task List names a list that the CRM does not have"),
        ("activities", "Subject,Users\nx,anna; zoe\n", "line 2: Users names a user that the CRM does not have"),
        ("activities", "Subject,Private\nx,maybe\n", "line 2: Private must be yes or no"),
        ("activities", "Activity Id,Subject\n5,x\n05,y\n", "line 3: this Activity Id stands in line 2 already"),
    ],
)
def test_a_mistake_is_named_by_line_and_nothing_is_kept(
    desk: Desk, tmp_path: Path, name: str, content: str, message: str
) -> None:
    """Not even the files that came before the wrong one."""
    write_files(tmp_path, **{name: content})
    with pytest.raises(UserError) as caught:
        import_folder(desk.store, tmp_path)
    assert f"{name}.csv, {message}" in str(caught.value)
    assert (desk.store.users(), desk.store.teams(), desk.store.companies(), desk.store.folders()) == ([], [], [], [])
    assert everything(desk) == []


def test_a_mistake_leaves_what_was_there(desk: Desk, tmp_path: Path) -> None:
    """Thousands of good rows before a bad one are dropped with it."""
    import_folder(desk.store, write_files(tmp_path))
    before, since = list(desk.store.records("Contact")), desk.head("anna")
    rows = "".join(f"{number},changed\n" for number in range(1, 1300))
    (tmp_path / "contacts.csv").write_text(f"Contact Id,Last Name\n{rows}1300\n")
    with pytest.raises(UserError, match="line 1301"):
        import_file(desk.store, tmp_path / "contacts.csv")
    assert (list(desk.store.records("Contact")), desk.head("anna")) == (before, since)


def test_a_file_must_say_what_it_holds(desk: Desk, tmp_path: Path) -> None:
    """By its name or by the caller."""
    (tmp_path / "people.csv").write_text("Last Name\nLee\n")
    with pytest.raises(UserError, match="does not tell what the file holds"):
        import_file(desk.store, tmp_path / "people.csv")
    assert import_file(desk.store, tmp_path / "people.csv", CONTACTS).created == 1
    with pytest.raises(UserError, match="holds no CRM files"):
        import_folder(desk.store, tmp_path)


def test_the_demo_firm_goes_in_and_out_unchanged(desk: Desk, tmp_path: Path) -> None:
    """Exported, imported into another organisation and exported again: the same bytes; imported over itself:
    nothing to do."""
    import_folder(desk.store, FIRM)
    rows = export_folder(desk.store, tmp_path / "one")
    assert rows["contacts.csv"] == len(list(desk.store.records("Contact"))) > 400
    other = Desk(desk.engine)
    import_folder(other.store, tmp_path / "one")
    export_folder(other.store, tmp_path / "two")
    for sheet in SHEETS:
        assert (tmp_path / "one" / sheet.file).read_bytes() == (tmp_path / "two" / sheet.file).read_bytes()
    again = import_folder(desk.store, tmp_path / "one")
    assert {(counts.created, counts.updated) for counts in again.values()} == {(0, 0)}


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@st.composite
def rows(draw: st.DrawFn) -> Mapping[str, object]:
    """Any contact: text of all kinds in every text field."""
    found: dict[str, object] = {}
    for column in draw(st.lists(st.sampled_from(CONTACT_COLUMNS), max_size=8, unique=True)):
        if column.type is FLAG:
            found[column.name] = draw(st.booleans())
        elif column.type is DATE:
            found[column.name] = draw(st.dates()).isoformat()
        else:
            found[column.name] = draw(st.sampled_from(["+44 20 7946 0000", "=1+1", "'=x", "-", "@a", "\ta"]) | TEXTS)
    return found


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contacts=st.lists(rows(), min_size=1, max_size=4), company=TEXTS.filter(str.strip))
def test_whatever_a_contact_holds_survives_a_round_trip(
    sqlite_engine: object, tmp_path: Path, contacts: list[Mapping[str, object]], company: str
) -> None:
    """Formula-like text, quotes, line ends, emoji: what is imported from our export is what was exported."""
    here, there = Desk(sqlite_engine), Desk(sqlite_engine)
    with here.store.edit() as edit:
        edit.put_drafts("Contact", [None] * len(contacts), [drafted(values) for values in contacts])
        edit.put("Contact", [(None, {"accountid": Reference(None, company)})])
    export_file(here.store, COMPANIES, tmp_path / "companies.csv")
    export_file(here.store, CONTACTS, tmp_path / "contacts.csv")
    import_folder(there.store, tmp_path)
    names = [column.name for column in CONTACT_COLUMNS] + ["accountid_accountname", "crm_id"]
    stored = [[[seen.holds(name) for name in names] for seen in desk.store.stored("Contact")] for desk in (here, there)]
    assert sorted(stored[0], key=repr) == sorted(stored[1], key=repr)


ZONES = st.sampled_from(["UTC", "Europe/London", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns"])
INSTANTS = st.datetimes().map(lambda at: at.replace(microsecond=0).isoformat() + "Z")
NEAR_THE_CLOCK_CHANGE = st.integers(0, 300).map(lambda minute: f"2026-10-25T{minute // 60:02}:{minute % 60:02}:00Z")


@st.composite
def tasks(draw: st.DrawFn) -> Mapping[str, Value]:
    """Any task: odd texts, instants of all times and of the hour that comes twice, lists, users."""
    found: dict[str, Value] = {"subject": draw(TEXTS.filter(bool))}
    texts = ("taskstatus", "taskpriority", "description")
    found |= {name: draw(st.sampled_from(["Done", "=1+1", "'=x", "-"]) | TEXTS) for name in texts}
    found["activitytype"] = draw(st.sampled_from(["Task", "Meeting", "Call"]))
    found["date_start"] = draw(st.none() | INSTANTS | NEAR_THE_CLOCK_CHANGE)
    found["due_date"] = draw(st.none() | st.dates().map(str))
    found["private"] = draw(st.booleans())
    found["users"] = draw(st.sets(st.sampled_from(["anna", "be;rt", "carl"])).map(tuple))
    found["assigned_user_id"] = draw(st.sampled_from([None, "anna", "be;rt"]))
    listed = st.sampled_from(["50", "51", "bucket-1", "bucket-2", "bucket-3"]).map(lambda id: Reference(id, ""))
    found["tasklist"] = draw(st.none() | listed)
    return found


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_tasks=st.lists(tasks(), min_size=1, max_size=4), zone=ZONES)
def test_whatever_a_task_holds_survives_a_round_trip(
    sqlite_engine: object, tmp_path: Path, given_tasks: list[Mapping[str, Value]], zone: str
) -> None:
    """Into another CRM and over itself, in any zone: also the hour that a clock shows twice, lists that are called
    alike, and a list that left Planner."""
    here, there = Desk(sqlite_engine), Desk(sqlite_engine)
    here.people("anna", "be;rt", "carl")
    with here.store.edit() as edit:
        edit.create_task_list("Twins", crm_id="50")
        edit.create_task_list("bucket-1", crm_id="51")
    planned = [("bucket-1", "Twins"), ("bucket-2", "Sales / To do"), ("bucket-3", "Gone")]
    here.store.publish_task_lists({"anna": planned})
    here.store.publish_task_lists({"anna": planned[:2]})
    with here.store.edit() as edit:
        edit.put("Task", [(None, values) for values in given_tasks])
    export_folder(here.store, tmp_path, zone)
    again = import_folder(here.store, tmp_path, zone)
    assert {(counts.created, counts.updated) for counts in again.values()} == {(0, 0)}
    import_folder(there.store, tmp_path, zone)
    assert [record.values for record in here.store.records("Task")] == [
        record.values for record in there.store.records("Task")
    ]
    assert here.store.all_task_lists() == there.store.all_task_lists()


@pytest.mark.parametrize(
    ("zone", "cell", "instant"),
    [
        ("UTC", "2026-07-01 09:00", "2026-07-01T09:00:00Z"),
        ("Europe/London", "2026-07-01 09:00", "2026-07-01T08:00:00Z"),
        ("Europe/London", "2026-07-01T09:00:30", "2026-07-01T08:00:30Z"),
        ("Europe/London", " 2026-07-01 09:00+02:00 ", "2026-07-01T07:00:00Z"),
        ("Europe/London", "2026-07-01 09:00Z", "2026-07-01T09:00:00Z"),
        ("Europe/London", "2026-10-25 01:30", "2026-10-25T00:30:00Z"),
        ("Europe/London", "2026-10-25 01:30 +00:00", "2026-10-25T01:30:00Z"),
    ],
)
def test_times_are_those_of_the_zone_that_is_given(
    desk: Desk, tmp_path: Path, zone: str, cell: str, instant: str
) -> None:
    """Without one they are UTC; a distance from UTC in the cell counts before it."""
    (tmp_path / "activities.csv").write_text(f"Subject,Start Date & Time\nx,{cell}\n")
    import_file(desk.store, tmp_path / "activities.csv", zone=zone)
    assert [record.values["date_start"] for record in desk.store.records("Task")] == [instant]


def test_a_zone_that_does_not_exist_is_named(desk: Desk, tmp_path: Path) -> None:
    """Before anything is read or written."""
    write_files(tmp_path)
    with pytest.raises(UserError, match="time zone Mars/Port is not known"):
        import_folder(desk.store, tmp_path, "Mars/Port")
    with pytest.raises(UserError, match="time zone Mars/Port is not known"):
        export_folder(desk.store, tmp_path / "out", "Mars/Port")
    assert desk.store.users() == []


def test_lists_called_alike_are_told_apart_by_id(desk: Desk, tmp_path: Path) -> None:
    """A name that several carry is no answer; a row of one kind can't take the id of the other."""
    desk.store.publish_task_lists({})
    with desk.store.edit() as edit:
        edit.create_task_list("Twins", crm_id="50")
        edit.create_task_list("twins", "bucket-1", in_planner=True)
    path = tmp_path / "activities.csv"
    path.write_text("Subject,Task List\nx,twins\n")
    with pytest.raises(UserError, match="line 2: several task lists have this name") as caught:
        import_file(desk.store, path)
    assert "tandem crm lists" in caught.value.hint
    path.write_text("Subject,Task List\nx,bucket-1\n")
    assert import_file(desk.store, path) == Counts(created=1, updated=0, unchanged=0)
    for row in ("50,Twins,yes", "bucket-1,Twins,"):
        (tmp_path / "tasklists.csv").write_text(f"Task List Id,Task List,In Planner\n{row}\n")
        with pytest.raises(UserError, match="line 2: "):
            import_file(desk.store, tmp_path / "tasklists.csv")


def drafted(values: Mapping[str, object]) -> object:
    from crm.values import Draft

    return Draft({name: value if value != "" else None for name, value in values.items()})


def test_an_export_is_for_its_owner_alone_and_never_half_written(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds personal data; what goes wrong leaves the file that was there."""
    desk.people("anna")
    desk.contact(lastname="=cmd()")
    target = tmp_path / "contacts.csv"
    export_file(desk.store, CONTACTS, target)
    before = target.read_bytes()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert b",'=cmd()," in before

    def full(*args: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("crm.csvexport.write_sheet", full)
    with pytest.raises(UserError, match="No space left on device") as caught:
        export_file(desk.store, CONTACTS, target)
    assert "Free some space" in caught.value.hint
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["contacts.csv"]
