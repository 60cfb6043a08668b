"""The performance from beginning to end, or the next one on the same stage."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType

from engine.errors import UserError
from tandem import shown
from tandem.cli.screen import is_terminal
from tandem.demo import ending, first, outcomes, second
from tandem.demo.microsoft import USUAL_PORT, Microsoft, running
from tandem.demo.place import Place, usable
from tandem.demo.scene import Scene
from tandem.demo.stage import Stage
from tandem.installation import Installation
from tandem.settings import read_settings


def perform(folder: Path, port: int | None, fresh: bool, keep: bool | None) -> None:
    """Play the demo in ``folder``, or go on with one that was played there. ``port`` None takes the usual one, or any;
    ``keep`` None keeps Microsoft 365 running where somebody watches. Raises UserError where it can't go on."""
    place, stage = Place(folder), Stage()
    keeping = is_terminal(sys.stdout) if keep is None else keep
    found = place.found()
    with _ended_by_signals():
        if found == "played" and not fresh:
            _go_on(place, stage, port, keeping)
            return
        if found != "nothing":
            if place.answers():
                raise UserError(
                    f"The Microsoft 365 of the demo in {folder} is still running, on port {place.port()}.",
                    "End it with Ctrl-C in its terminal, then start afresh.",
                )
            place.clear()
        _play(place, stage, port, keeping)


def _play(place: Place, stage: Stage, port: int | None, keeping: bool) -> None:
    first.introduce(stage)
    place.note(0, played=False)
    chosen = port or (USUAL_PORT if usable(USUAL_PORT) else 0)
    with running(place.emulator, chosen) as microsoft:
        place.note(microsoft.port, played=False)
        with Installation(first.found_installation(place.folder, microsoft)) as installation:
            scene = Scene(installation, stage)
            _first_act(scene, microsoft)
            _second_act(scene, microsoft)
            microsoft.control.save()
            place.note(microsoft.port, played=True)
            _next(scene, place, microsoft.port, keeping)
        if keeping:
            _keep(stage, place, microsoft)


def _first_act(scene: Scene, microsoft: Microsoft) -> None:
    stage = scene.stage
    stage.heading("An installation is founded")
    first.fill(scene, microsoft)
    stage.heading("Five people sign in to Microsoft 365")
    first.sign_in(scene, microsoft)
    stage.heading("The first plan")
    views = first.show_first_plan(scene)
    stage.heading("The plan is carried out")
    first.carry_out(scene, views)
    stage.heading("What waits for a person")
    stage.say("Tandem does not guess. These stay as they are, on both sides, until somebody decides.")
    ending.show_held(scene)


def _second_act(scene: Scene, microsoft: Microsoft) -> None:
    stage = scene.stage
    stage.heading("A day passes: people edit on both sides")
    second.play_edits(scene, microsoft)
    stage.heading("The second plan")
    views = second.show_second_plan(scene)
    stage.heading("It is carried out, and this came of it")
    second.carry_out(scene)
    witness = outcomes.Witness(scene.installation, microsoft, views)
    stage.lines(stage.paint("create", outcomes.told(outcome)) for outcome in outcomes.outcomes(witness))
    stage.heading("Nothing is left to do")
    last = scene.plans()
    ending.show_plans(scene, last)
    if not all(view.plan.empty for view in last):
        raise UserError("The last plan is not empty; that is a fault in Tandem.")


def _go_on(place: Place, stage: Stage, port: int | None, keeping: bool) -> None:
    """Microsoft 365 as it was left, and what there is to sync now; nothing is written."""
    settings = read_settings(place.folder)
    left_at = place.port() or 0
    if port not in (None, left_at):
        raise UserError(
            f"This demo's Microsoft 365 is on port {left_at}; its installation and its delta links know it there.",
            f"Leave --port out, or start afresh: {ending.fresh_command(place)}",
        )
    stage.title("The demo goes on where it was left")
    there = place.answers()
    if not there and not usable(left_at):
        raise UserError(
            f"Port {left_at}, where this demo's Microsoft 365 was, is in use by another program.",
            f"End that program, or start afresh: {ending.fresh_command(place)}",
        )
    with nullcontext(None) if there else running(place.emulator, left_at) as microsoft:
        stage.lines([f"Microsoft 365 (emulated) {'is running already' if there else 'runs again'}, port {left_at}"])
        with Installation(settings) as installation:
            scene = Scene(installation, stage)
            stage.heading("What the next sync would do")
            for view in scene.plans():
                second.show_plan(stage, view)
            waiting = len(ending.held(installation))
            stage.lines([f"{shown.count(waiting, 'record')} held for a person to decide"])
            _next(scene, place, left_at, keeping or there)
        if microsoft is not None and keeping:
            _keep(stage, place, microsoft)


def _next(scene: Scene, place: Place, port: int, stays: bool) -> None:
    stage = scene.stage
    stage.heading("What to try next" + (", in another terminal" if stays else ""))
    if not stays:
        stage.say("Microsoft 365 ended with the demo; its state is kept. The first command starts it again.")
    ending.show_steps(scene, place, None if stays else port)
    stage.say(f"Run the demo again to go on from here, or from the beginning: {ending.fresh_command(place)}")


def _keep(stage: Stage, place: Place, microsoft: Microsoft) -> None:
    stage.gap()
    try:
        stage.say(f"Microsoft 365 (emulated) runs on at {microsoft.url}. Ctrl-C ends it; its state is kept.")
        sys.stdout.flush()
        microsoft.wait()
    except KeyboardInterrupt:
        stage.gap()
        stage.say(f"Ended. Start it again with  {ending.emulator_command(place, microsoft.port)}")
        return
    raise UserError(
        "The emulated Microsoft 365 ended by itself.", f"Its last words are in {place.emulator}/errors.txt."
    )


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the demo as Ctrl-C does: the emulator goes with it."""

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
