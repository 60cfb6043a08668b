"""Calendars and events of a firm's files."""

from collections.abc import Mapping

from graph_emulator.calendar.meetings import Office
from graph_emulator.calendar.seeding import seed
from graph_emulator.firm import Firm, FirmError
from graph_emulator.mailbox import Mailbox
from graph_emulator.messages import GraphError


def seed_firm(firm: Firm, mailboxes: Mapping[str, Mailbox], office: Office) -> None:
    """Fill the calendars of a firm's mailboxes (by principal name); raises FirmError naming the file and the event."""
    for upn, given in firm.mailboxes.items():
        box = mailboxes[upn].calendar
        for place, row in enumerate(given.calendars, start=1):
            try:
                box.create_folder(str(row.get("name") or ""))
            except GraphError as error:
                raise FirmError(f"{upn}.json, calendar {place}: {error.message}") from None
        for place, row in enumerate(given.events, start=1):
            try:
                seed(office, box, row)
            except GraphError as error:
                raise FirmError(f"{upn}.json, event {place}: {error.message}") from None
