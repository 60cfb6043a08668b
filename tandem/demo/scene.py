"""What every act needs: the installation, the stage, and plans and rounds over all mailboxes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypedDict

from engine.errors import UserError
from state.spaces import SpaceRecord
from tandem import shown
from tandem.cli.screen import watching
from tandem.demo.microsoft import FIRM
from tandem.demo.stage import Stage
from tandem.installation import Installation
from tandem.planview import PlanView, view
from tandem.render import guard_text
from tandem.tick import Order, Ticked, plan_space, served, tick_space

MOST_ROUNDS: Final = 6


class Casting(TypedDict):
    """The firm's ``settings.json``."""

    connected: list[str]
    organisation: dict[str, str]
    users: dict[str, dict[str, str | list[str]]]


@dataclass
class Scene:
    """One performance."""

    installation: Installation
    stage: Stage

    @cached_property
    def casting(self) -> Casting:
        found: Casting = json.loads((FIRM / "settings.json").read_text("utf-8"))
        return found

    def mailboxes(self) -> list[SpaceRecord]:
        """The connected mailboxes in the firm's order. The firm has no Planner, so what all would share is left out."""
        order = {self.installation.user(name).id: number for number, name in enumerate(self.casting["connected"])}
        known = [record for record in self.installation.chosen_spaces(None) if not record.shared]
        return sorted(known, key=lambda record: order.get(record.space.user, len(order)))

    def person(self, record: SpaceRecord) -> str:
        """The user's name, all of one width."""
        width = max(map(shown.width, self.casting["connected"]))
        return shown.padded(self.installation.user(record.space.user).user_name, width)

    def plans(self) -> list[PlanView]:
        """What the next sync of each mailbox would do; nothing is written."""
        views = []
        for record in self.mailboxes():
            who = self.installation.address(record.space.id)
            for program in served(self.installation, record, self.installation.programs()):
                with watching(f"reading {who}") as watch:
                    plan = plan_space(self.installation, record, program, everything=False, progress=watch)
                views.append(view(plan, program, who))
        return views

    def rounds(self) -> list[list[Ticked]]:
        """Sync every mailbox, round by round, until a round writes nothing; what each round but the last one wrote.
        Raises UserError where a mailbox can't be synced."""
        done: list[list[Ticked]] = []
        for _ in range(MOST_ROUNDS):
            wrote = [one for record in self.mailboxes() for one in self._sync(record) if one.result == "done"]
            if not wrote:
                return done
            done.append(wrote)
        raise UserError(f"After {MOST_ROUNDS} rounds there is still something to write; that is a fault in Tandem.")

    def _sync(self, record: SpaceRecord) -> Sequence[Ticked]:
        who = self.installation.address(record.space.id)
        results = self._tick(record, who, Order())
        stopped = next((one for one in results if one.result == "guard"), None)
        if stopped is not None and stopped.report is not None:
            objecting = view(stopped.report.plan, stopped.program, who)
            self.stage.lines(guard_text(objecting, f"tandem sync --user {record.space.user}", self.stage.paint))
            self.stage.say("The demo confirms it just so.")
            results = self._tick(record, who, Order(confirmed=[objecting.digest]))
        for one in results:
            if one.failed:
                raise UserError(f"{who} could not be synced: {one.text}.")
        return results

    def _tick(self, record: SpaceRecord, who: str, order: Order) -> list[Ticked]:
        with watching(f"syncing {who}") as watch:
            return tick_space(self.installation, record, self.installation.programs(), order, watch)
