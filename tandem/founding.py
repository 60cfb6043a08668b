"""What an installation needs beside its files: the key, the database's tables, the organisation's row."""

from __future__ import annotations

from state.database import open_database
from state.organisations import Organisation, create_organisation, find_organisation
from state.secrets import create_key_file, read_key_file
from tandem.folder import KEY_FILE
from tandem.migrations import upgrade
from tandem.rulefiles import RuleFolder
from tandem.settings import Settings


def found(settings: Settings) -> list[str]:
    """Make what is missing; what was made, a line each. Raises UserError for a database or key that can't be used."""
    made = []
    key = settings.folder / KEY_FILE
    if key.exists():
        read_key_file(key)
    else:
        create_key_file(key)
        made.append(f"key         {key} (keep a copy apart from the database's)")
    RuleFolder(settings.rules).programs()
    engine = open_database(settings.database)
    try:
        upgrade(engine)
        if find_organisation(engine, settings.organisation) is None:
            given = settings.microsoft
            new = Organisation(
                id=settings.organisation, name=settings.name, tenant_id=given.tenant, client_id=given.client_id
            )
            create_organisation(engine, new)
            made.append(f"database    organisation {settings.organisation} ({settings.name})")
    finally:
        engine.dispose()
    return made
