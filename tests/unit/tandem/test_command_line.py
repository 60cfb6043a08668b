"""The command line itself: quick to start, helpful, and never a traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import tandem.cli.main as command_line
from engine.errors import Unavailable, UserError
from tandem.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[3]
HEAVY = ("sqlalchemy", "sqlmodel", "requests", "msal", "lark", "rich", "jinja2", "starlette", "cryptography")


def _imported(*words: str) -> set[str]:
    """Top-level modules loaded by a command in a fresh process."""
    code = (
        "import sys\nfrom tandem.cli.main import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "print('\\n'.join({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=ROOT, timeout=60)
    return set(done.stderr.split())


def test_help_loads_nothing_heavy() -> None:
    """`tandem --help` is answered without any of the libraries that commands use."""
    assert _imported("--help") & set(HEAVY) == set()


def test_checking_rules_needs_only_the_parser() -> None:
    """`tandem check` and `tandem fmt` load the parser, and neither database nor network libraries."""
    assert _imported("check", "rules") & set(HEAVY) == {"lark"}
    assert _imported("fmt", "--check", "rules") & set(HEAVY) == {"lark"}


def _commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(main)
    for name in COMMANDS:
        if name == "demo":
            continue  # has no options or examples of its own
        command = main.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{name} {below}", command.commands[below]) for below in command.commands)
        else:
            yield name, command


@pytest.mark.parametrize(
    ("name", "command"), list(_commands()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_explains_itself(name: str, command: click.Command) -> None:
    """Every command says what it does, and every option what it is for."""
    result = CliRunner().invoke(main, [*name.split(), "--help"])
    assert result.exit_code == 0 and f"tandem {name}" in result.output
    assert command.help
    assert all(option.help for option in command.params if isinstance(option, click.Option))


def test_a_misspelt_command_is_guessed() -> None:
    """A wrong command is an error with a suggestion, exit code 1."""
    result = CliRunner().invoke(main, ["plann"])
    assert result.exit_code == 1 and "Did you mean “plan”?" in result.stderr and result.stdout == ""


def test_a_wrong_option_is_an_error_like_any_other() -> None:
    """Exit code 2 is kept for changes: wrong usage is 1."""
    assert CliRunner().invoke(main, ["plan", "--frobnicate"]).exit_code == 1


@pytest.mark.parametrize(
    ("problem", "code", "told"),
    [
        (UserError("Wrong.", "Do this."), 1, "Error: Wrong.\n  Do this.\n"),
        (Unavailable("Down."), 1, "Error: Down.\n"),
        (OSError(28, "No space left on device"), 1, "Error: The disk is full."),
        (PermissionError(13, "Permission denied", "a.csv"), 1, "Error: a.csv: Permission denied.\n"),
        (KeyboardInterrupt(), 130, "\nStopped.\n"),
        (KeyError("personal data"), 1, "Error: This is a fault in Tandem (KeyError)."),
    ],
)
def test_every_error_is_one_message(
    monkeypatch: pytest.MonkeyPatch, problem: BaseException, code: int, told: str
) -> None:
    """Whatever a command raises ends in a message on standard error without a traceback or the data behind it."""

    def fail(*given: object) -> None:
        raise problem

    monkeypatch.setattr(command_line.Commands, "get_command", fail)
    result = CliRunner().invoke(main, ["plan"])
    assert result.exit_code == code and result.stderr.startswith(told) and result.stdout == ""
    assert "Traceback" not in result.stderr and "personal data" not in result.stderr


def test_debug_shows_where_a_fault_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--debug` adds the traceback for whoever mends it."""

    def fail(*given: object) -> None:
        raise KeyError("here")

    monkeypatch.setattr(command_line.Commands, "get_command", fail)
    assert "Traceback" in CliRunner().invoke(main, ["--debug", "plan"]).stderr


def test_rules_are_checked_wherever_they_lie(tmp_path: Path) -> None:
    """Files and folders are taken; a problem is exit code 1, with the same places in text and JSON."""
    good = (ROOT / "rules" / "contacts.rules").read_text("utf-8")
    path = tmp_path / "mine.rules"
    path.write_text(good, "utf-8")
    assert CliRunner().invoke(main, ["check", str(path), str(tmp_path)]).exit_code == 0
    path.write_text(good.replace("mobilePhone", "mobilPhone"), "utf-8")
    text = CliRunner().invoke(main, ["check", str(path)])
    assert text.exit_code == 1 and "“mobilePhone”" in text.stdout and "^^^^" in text.stdout
    as_json = CliRunner().invoke(main, ["check", "--json", str(path)])
    assert as_json.exit_code == 1 and '"column": ' in as_json.stdout and "mobilePhone" in as_json.stdout
    missing = CliRunner().invoke(main, ["check", str(tmp_path / "none.rules")])
    assert missing.exit_code == 1 and "can't be read" in missing.stderr


def test_rules_are_laid_out(tmp_path: Path) -> None:
    """`tandem fmt` mends white space; --check and --diff write nothing; what has a mistake is told and left alone."""
    good = (ROOT / "rules" / "tasks.rules").read_text("utf-8")
    sound, rough, wrong = (tmp_path / name for name in ("a.rules", "b.rules", "c.rules"))
    run = CliRunner().invoke
    sound.write_text(good, "utf-8")
    assert run(main, ["fmt", "--check", str(tmp_path)]).stdout == "1 file, nothing to change.\n"
    rough.write_bytes(b"\xef\xbb\xbf" + good.replace("  title  ", "\ttitle ").replace("\n", "  \r\n").encode())
    before = rough.read_bytes()
    rough.chmod(0o640)
    checked = run(main, ["fmt", "--check", str(tmp_path)])
    assert (checked.exit_code, checked.stdout) == (1, f"{rough}: would be laid out anew.\n")
    shown = run(main, ["fmt", "--diff", str(tmp_path)])
    assert shown.exit_code == 0 and "-\\ufefflanguage 1  \\r\n-" in shown.stdout and "\n+language 1\n" in shown.stdout
    assert rough.read_bytes() == before
    mistaken = good.replace("subject  ", "subject =", 1).replace("map\n", "map\n\n\n")
    wrong.write_text(mistaken, "utf-8")
    done = run(main, ["fmt", str(tmp_path)])
    assert done.exit_code == 1 and done.stdout.startswith(f"{rough}: laid out anew.\n")
    told = run(main, ["check", str(tmp_path)]).stdout
    assert "1 problem found." in done.stdout and done.stdout.splitlines()[1].split("  ")[0] in told
    assert (rough.read_text("utf-8"), rough.stat().st_mode & 0o777, wrong.read_text("utf-8")) == (good, 0o640, mistaken)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.rules", "b.rules", "c.rules"]
    assert run(main, ["fmt", "--check"]).exit_code == 0, "the shipped files"
    assert "can't be read" in run(main, ["fmt", str(tmp_path / "none.rules")]).stderr
