"""The first act: an installation is founded, people sign in, the first plan is shown and carried out."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from crm.csvimport import import_folder
from engine.records import CRM, M365, Side
from graph_client.signin import DeviceSignIn
from tandem import shown
from tandem.cli.screen import table, watching
from tandem.connecting import connect
from tandem.demo.microsoft import FIRM, Microsoft
from tandem.demo.place import from_here
from tandem.demo.scene import Scene
from tandem.demo.stage import Stage
from tandem.folder import PLANS, make_folder, write_private
from tandem.founding import found
from tandem.planview import ActionView, PlanView
from tandem.render import as_html, as_json, as_text, tally
from tandem.settingchange import change
from tandem.settings import Settings
from tandem.settingvalues import find

NAME = "Harbour Light Marine Supplies"
PROMISE = "Everybody in it is invented. Nothing leaves this machine: Microsoft 365 is emulated here, over real HTTPS."
_SHEETS = ("users", "teams", "folders", "companies", "contacts", "shares")


def found_installation(folder: Path, microsoft: Microsoft) -> Settings:
    """What ``tandem init`` does, for the emulated Microsoft 365."""
    given = {
        "name": NAME, "client_id": microsoft.client_id, "ca_file": str(microsoft.ca_file),
        "authority": f"{microsoft.url}/organizations", "graph": microsoft.url,
    }  # fmt: skip
    settings, _ = make_folder(folder, given)
    found(settings)
    return settings


def fill(scene: Scene, microsoft: Microsoft) -> None:
    """CSV files into the CRM, and the firm's settings."""
    installation, stage = scene.installation, scene.stage
    stage.lines([f"made      {installation.settings.folder}: settings, key, rules, database"])
    stage.lines([f"started   Microsoft 365 (emulated), {microsoft.url}"])
    with watching("importing the CRM"):
        counts = import_folder(installation.store, FIRM / "crm")
    told = ", ".join(f"{counts[f'{name}.csv'].created:,} {name}" for name in _SHEETS)
    stage.lines([f"imported  {told}"])
    programs = installation.programs()
    for name, value in scene.casting["organisation"].items():
        change(installation, find(programs, name, "org"), [value], None)
    for user, values in scene.casting["users"].items():
        for name, chosen in values.items():
            words = [chosen] if isinstance(chosen, str) else chosen
            change(installation, find(programs, name, "user"), words, installation.user(user))
    ours = ", ".join(f"{name} {value}" for name, value in scene.casting["organisation"].items())
    stage.lines([f"set       {ours} for everybody; folders of their own for {len(scene.casting['users'])} people"])


def sign_in(scene: Scene, microsoft: Microsoft) -> None:
    """Everybody signs in by device code; the demo plays the people at their browsers."""
    stage, installation = scene.stage, scene.installation
    stage.say(
        "Signing in by code is real; the demo stands in for the five people and enters their codes at the emulator."
    )
    addresses = _addresses()
    for name in scene.casting["connected"]:

        def enter(waiting: DeviceSignIn, upn: str = addresses[name]) -> None:
            stage.lines([f"code {waiting.code}  entered as {upn}"])
            microsoft.control.approve_device(waiting.code, upn)

        with watching(f"{name} signs in"):
            connect(installation, installation.user(name), enter)


def _addresses() -> dict[str, str]:
    with (FIRM / "crm" / "users.csv").open(encoding="utf-8", newline="") as file:
        return {row["user_name"]: row["email1"] for row in csv.DictReader(file)}


def show_first_plan(scene: Scene) -> list[PlanView]:
    """Summaries, an excerpt, and files with everything."""
    stage = scene.stage
    stage.say("A plan reads both sides and writes nothing. What it counts for each mailbox:")
    views = scene.plans()
    stage.lines(numbers(views))
    chosen = max(views, key=lambda view: (len(view.held), len(view.refused)))
    name = chosen.who.partition("@")[0]
    stage.say(f"From {name}'s (+ new, ~ changed, = alike, ! waits, · left out), with the rule behind each line:")
    stage.lines(list(as_text(excerpt(chosen), stage.paint))[:-2])  # without the summary of what is a part only
    write_files(scene, views, "first-plan")
    return views


def numbers(views: Sequence[PlanView]) -> Iterator[str]:
    """Plans side by side, a line for each mailbox."""
    columns: Mapping[str, Callable[[PlanView], int]] = {
        "NEW IN OUTLOOK": lambda view: _count(view, "+", M365),
        "CHANGED": lambda view: _count(view, "~", M365),
        "NEW IN CRM": lambda view: _count(view, "+", CRM),
        "CHANGED ": lambda view: _count(view, "~", CRM),
        "ALIKE": lambda view: len(view.matched),
        "HELD": lambda view: len(view.held),
        "NOT DONE": lambda view: len(view.refused),
        "LEFT ALONE": lambda view: sum(group.count for group in view.left),
    }
    rows = [
        (view.who.partition("@")[0], *(f"{count(view):,}".rjust(len(head)) for head, count in columns.items()))
        for view in views
    ]
    return table(rows, ("MAILBOX", *columns))


def _count(view: PlanView, sign: str, side: Side) -> int:
    return sum((action.sign, action.side) == (sign, side) for action in view.actions)


def excerpt(view: PlanView) -> PlanView:
    """A few telling records of a plan: a match that overwrites an entry, one that agrees, a creation, what is held, and
    what takes no part."""
    updated = [action for action in view.actions if action.sign == "~"]
    both = [action for action in updated if any(field.lost for field in action.fields) and _partner(action, updated)]
    pair = [one for one in updated if both and one.title == both[0].title]
    created = [action for action in view.actions if action.sign == "+"]
    shortest = sorted(created, key=lambda action: (len(action.fields), action.title))[:1]
    several = [note for note in view.held if note.candidates]
    return replace(
        view,
        actions=(*pair, *shortest),
        matched=view.matched[:1],
        held=tuple(several or view.held)[:2],
        refused=view.refused[:1],
        left=view.left[:1],
    )


def _partner(action: ActionView, updated: Sequence[ActionView]) -> bool:
    return any(one.title == action.title and one.side != action.side for one in updated)


def write_files(scene: Scene, views: Sequence[PlanView], name: str) -> None:
    """The whole plan as a page and as JSON, and where they are."""
    installation = scene.installation
    folder = installation.settings.folder / PLANS
    folder.mkdir(mode=0o700, exist_ok=True)
    page, document = folder / f"{name}.html", folder / f"{name}.json"
    made = f"{installation.clock():%Y-%m-%d %H:%M} UTC"
    write_private(page, as_html(views, installation.organisation.name, made))
    write_private(document, shown.to_json({"plans": [as_json(view) for view in views]}) + "\n")
    scene.stage.say(f"All of it, as a page and as JSON: {from_here(page)} and {document.name}")


def carry_out(scene: Scene, views: Sequence[PlanView]) -> None:
    """Apply, until nobody's merge leaves anything to tell the others."""
    stage = scene.stage
    stage.say(
        "Somebody whom colleagues know as well becomes one CRM contact: the first mailbox makes it, others find it."
    )
    rounds = scene.rounds()
    reports = [(number, one, one.report) for number, wrote in enumerate(rounds, start=1) for one in wrote if one.report]
    stage.lines(f"round {number}  {scene.person(one.record)}  {tally(report)}" for number, one, report in reports)
    stage.lines([f"round {len(rounds) + 1}  nothing left to write"])
    planned = sum(_count(view, "+", CRM) for view in views)
    made = sum(report.counts.get(("create", CRM, "done"), 0) for number, _, report in reports if number == 1)
    if made < planned:
        stage.say(
            f"Of {planned} new people in the plans, {planned - made} were the same person in a colleague's Outlook."
        )


def introduce(stage: Stage) -> None:
    stage.title(f"Tandem, shown on a made-up firm: {NAME}")
    stage.say(PROMISE)
