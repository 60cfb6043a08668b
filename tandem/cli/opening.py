"""Opening the installation a command works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tandem.installation import Installation
    from tandem.settings import Settings


def settings(context: click.Context) -> Settings:
    """The settings of the installation named by ``--installation``, the environment or the current folder."""
    from tandem.settings import current

    return current(context.find_root().obj)


def opened(context: click.Context) -> Installation:
    """The installation, closed when the command ends."""
    from tandem.installation import Installation

    return context.with_resource(Installation(settings(context)))
