"""An installation's folder: how it is found, made and read, and what is refused."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from engine.errors import UserError
from engine.sync.guard import DEFAULT_LIMITS, Limit
from tandem.folder import make_folder
from tandem.settings import FILE, Microsoft, find_folder, read_settings


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _with(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / FILE).write_text(text, "utf-8")
    return folder


def test_a_fresh_folder_has_the_defaults_and_is_its_owners_alone(tmp_path: Path) -> None:
    """What init writes reads back as the defaults; folders 0700, files 0600, rules and cases copied."""
    settings, made = make_folder(tmp_path / "new" / "one", {"name": 'The "Firm"', "client_id": "c"})
    assert settings.name == 'The "Firm"' and settings.microsoft == Microsoft(client_id="c")
    assert settings.database == f"sqlite:///{tmp_path / 'new' / 'one' / 'tandem.db'}"
    assert settings.limits == DEFAULT_LIMITS and settings.interval_minutes == 10
    assert _mode(settings.folder) == 0o700 and _mode(settings.rules) == 0o700
    files = [settings.folder / FILE, *(path for path in settings.rules.rglob("*") if path.is_file())]
    assert {_mode(file) for file in files} == {0o600} and _mode(settings.rules / "cases") == 0o700
    assert {path.suffix for path in files} == {".toml", ".rules", ".case"}
    assert len(made) == 2


def test_a_second_init_changes_nothing(tmp_path: Path) -> None:
    """Edited rules and settings stay; a contradiction is refused, and names what differs."""
    folder = tmp_path / "one"
    settings, _ = make_folder(folder, {})
    (settings.rules / "contacts.rules").write_text("# mine", "utf-8")
    before = (folder / FILE).read_bytes()
    assert make_folder(folder, {})[1] == []
    assert (folder / FILE).read_bytes() == before
    assert (settings.rules / "contacts.rules").read_text("utf-8") == "# mine"
    with pytest.raises(UserError, match="says something else for: tenant"):
        make_folder(folder, {"tenant": "t"})


def test_a_folder_that_others_use_is_not_taken_over(tmp_path: Path) -> None:
    """Init never shuts other files away behind its own permissions."""
    tmp_path.chmod(0o755)
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(UserError, match="holds other files"):
        make_folder(tmp_path, {})
    assert _mode(tmp_path) == 0o755 and [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    """A file in the way is told as such."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="can't be made"):
        make_folder(tmp_path / "file" / "below", {})


def test_the_folder_is_found_where_people_expect_it(tmp_path: Path) -> None:
    """The one given counts before the environment, that before the current folder, that before the usual names."""
    given, named = _with(tmp_path / "given", ""), _with(tmp_path / "named", "")
    here = tmp_path / "here"
    usual = _with(_with(here, "") / "demo-installation", "")
    environment = {"TANDEM_INSTALLATION": str(named)}
    assert find_folder(str(given), environment, here) == given
    assert find_folder(None, environment, here) == named
    assert find_folder(None, {}, here) == here
    (here / FILE).unlink()
    assert find_folder(None, {}, here) == usual
    with pytest.raises(UserError, match="no Tandem installation here") as problem:
        find_folder(None, {}, tmp_path)
    assert "tandem init" in problem.value.hint
    with pytest.raises(UserError, match="no Tandem installation in"):
        find_folder(str(tmp_path / "nowhere"), environment, here)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("intervall_minutes = 3", "there is no setting intervall_minutes", "“interval_minutes”"),
        ("[microsoft]\nclientid = ''", "no setting microsoft.clientid", "“client_id”"),
        ("[guard.delete]\nshares = 1", "no setting guard.delete.shares", "“share”"),
        ("[guard.moves]\nshare = 1", "no setting guard.moves", ""),
        ("interval_minutes = 0", "a number of minutes", ""),
        ("interval_minutes = true", "a number of minutes", ""),
        ("database = 3", "database must be text in quotes", ""),
        ("microsoft = 'x'", "microsoft must be a section", ""),
        ("[microsoft]\nallow_test_authority = 'yes'", "must be true or false", ""),
        ("[guard.create]\nat_least = -1", "a whole number of records", ""),
        ("[guard.create]\nshare = 2", "a share from 0 to 1", ""),
        ("interval_minutes", "not valid TOML", "Correct that line"),
    ],
)
def test_a_mistake_in_the_settings_names_key_and_remedy(tmp_path: Path, text: str, message: str, hint: str) -> None:
    """Every misspelt or impossible setting is refused by name, with a suggestion where one is near."""
    with pytest.raises(UserError) as problem:
        read_settings(_with(tmp_path / "one", text))
    assert message in str(problem.value) and hint in problem.value.hint


def test_given_settings_count(tmp_path: Path) -> None:
    """Limits are changed one by one, paths are relative to the folder, a database server's address stays as it is."""
    text = """
        database = "postgresql://tandem@db.example/tandem"
        rules = "ours"
        [microsoft]
        ca_file = "ca.pem"
        [guard]
        delete = { at_least = 3 }
        update = { at_least = 5, share = 0.5 }
    """
    settings = read_settings(_with(tmp_path / "one", text))
    assert settings.database == "postgresql://tandem@db.example/tandem"
    assert settings.rules == tmp_path / "one" / "ours"
    assert settings.microsoft.ca_file == str(tmp_path / "one" / "ca.pem")
    assert settings.limits["delete"] == Limit(3, 0.10)
    assert settings.limits["update"] == Limit(5, 0.5)
    assert settings.limits["create"] == DEFAULT_LIMITS["create"]
