"""Run by Alembic for each command; the connection comes from the caller."""

from __future__ import annotations

import sqlmodel
from alembic import context

import crm.tables
import state.tables

#: The rooms whose tables share the history; importing them fills the metadata.
ROOMS = (crm.tables, state.tables)
state.tables.know_postgresql()

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=sqlmodel.SQLModel.metadata,
    render_as_batch=True,
)
context.run_migrations()
