"""What the audience takes home: who waits for a person, where everything is, and commands to try."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from crm.fields import CONTACT_KIND
from engine.errors import UserError
from engine.links import Link
from state.journal import parked_links
from tandem import shown
from tandem.cli.screen import table
from tandem.demo.microsoft import USUAL_PORT
from tandem.demo.place import Place, from_here
from tandem.demo.scene import Scene
from tandem.installation import Installation
from tandem.planview import PlanView
from tandem.settings import find_folder


def held(installation: Installation) -> list[Link]:
    """What waits for a person, by mailbox."""
    found = parked_links(installation.engine, installation.org, None, ["held"])
    return sorted(found, key=lambda link: (installation.address(link.space), link.title))


def show_held(scene: Scene) -> None:
    """All that waits, by reason."""
    entries = {name: place for program in scene.installation.programs() for name, place in program.entries.items()}
    reasons: dict[tuple[str, str], list[str]] = {}
    for link in held(scene.installation):
        whose = scene.installation.address(link.space).partition("@")[0]
        reasons.setdefault((link.reason, link.entry), []).append(f"{shown.safe(link.title)} ({whose})")
    for (reason, entry), titles in sorted(reasons.items()):
        rule = f"  {entries[entry].file}:{entries[entry].line}" if entry in entries else ""
        scene.stage.lines([scene.stage.paint("held", f"! {shown.safe(reason)}") + scene.stage.paint("place", rule)])
        scene.stage.paragraph(", ".join(titles), indent=6)


def show_plans(scene: Scene, views: Sequence[PlanView]) -> None:
    """One line for each mailbox."""
    scene.stage.lines(view.summary for view in views)


@dataclass(frozen=True, slots=True)
class Step:
    """A command that works against the demo's folder as it is, and what it is for."""

    command: str
    why: str


def emulator_command(place: Place, port: int) -> str:
    """Starts this demo's Microsoft 365 again, as it was left."""
    more = "" if port == USUAL_PORT else f" --port {port}"
    return f"{program()} emulator start --folder {_path(place.emulator)}{more}"


def steps(scene: Scene, place: Place) -> Iterator[Step]:
    """What to try, in an order in which each works."""
    start = program() + _named(place.folder)
    yield Step(f"{start} held", "what waits for a person, with the candidates")
    for link, crm_id in _namesakes(scene.installation)[:1]:
        why = f"decide: this {shown.safe(link.title)} is CRM contact {crm_id}"
        yield Step(f"{start} held settle {link.id[:8]} --link {crm_id}", why)
    edit = "crm edit 'Hector Dalgleish' mobile='07700 900555'"
    yield Step(f"{start} {edit}", "somebody changes a number in the CRM …")
    yield Step(f"{start} plan", "… what would that lead to?")
    yield Step(f"{start} sync", "do it")
    yield Step(f"{start} history", "what was done; `history ID` tells all about one contact")
    yield Step(f"{start} check {_path(scene.installation.settings.rules)}", "after editing the rules there")


def _namesakes(installation: Installation) -> list[tuple[Link, str]]:
    """Undecided items with several candidates, one of which has the item's name, and that candidate."""
    found = []
    for link in held(installation):
        for crm_id in link.candidates if len(link.candidates) > 1 and not link.settled else ():
            record = installation.store.record(CONTACT_KIND, crm_id)
            names = ("firstname", "lastname")
            if record and " ".join(shown.plain(record.values.get(name)) for name in names) == link.title:
                found.append((link, crm_id))
    return found


def show_steps(scene: Scene, place: Place, port: int | None) -> None:
    """Commands to try; starting Microsoft 365 is the first where it does not run already (``port``)."""
    listed = list(steps(scene, place))
    if port is not None:
        listed.insert(0, Step(emulator_command(place, port), "leave it running; the others in another terminal"))
    scene.stage.lines(table([(step.command, f"# {step.why}") for step in listed]))


def fresh_command(place: Place) -> str:
    folder = "" if place.folder == Path.cwd() / "demo-installation" else f" --folder {_path(place.folder)}"
    return f"{program()} demo{folder} --fresh"


def program() -> str:
    """How the person can call Tandem here: as they found it on their PATH, else by the file next to this Python."""
    beside = Path(sys.executable).with_name("tandem")
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        found = Path(folder) / "tandem"
        if folder and found.is_file():
            if found.resolve() == beside.resolve():
                return "tandem"
            break
    if beside.is_file():
        return _path(beside)
    return f"{shlex.quote(sys.executable)} -m tandem.cli.main"


def _named(folder: Path) -> str:
    try:
        if find_folder(None, os.environ, Path.cwd()) == folder:
            return ""
    except UserError:
        pass  # nothing is found from here without a name
    return f" --installation {_path(folder)}"


def _path(path: Path) -> str:
    """As short as it can be from here, ready for a shell."""
    return shlex.quote(str(from_here(path)))
