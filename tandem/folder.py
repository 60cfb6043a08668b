"""Making an installation: a folder that only its owner may read, with settings, key, rules and a database."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from engine.errors import UserError
from engine.resources import rules
from tandem.settings import AUTHORITY, FILE, GRAPH, Settings, read_settings

KEY_FILE: Final = "secret.key"
PLANS: Final = "plans"

_TEMPLATE: Final = """\
# One Tandem installation. Paths are relative to this folder; a misspelt key is refused, with a suggestion.

# sqlite:///file or postgresql://user:password@host/database
database = {database}

# The folder with your *.rules files.
rules = "rules"

# How often `tandem run` looks at each mailbox.
interval_minutes = 10

[organisation]
id = {id}
name = {name}

[microsoft]
authority = {authority}
graph = {graph}
client_id = {client_id}
# The tenant's id; empty: that of the first account that connects.
tenant = {tenant}
# A file of certificates to trust instead of the usual ones, and a proxy; the environment's are not looked at.
ca_file = {ca_file}
proxy = {proxy}
# true lets authority and graph be other hosts than Microsoft's.
allow_test_authority = {allow_test_authority}

# A plan with more than `at_least` writes of a kind, and more than `share` of the linked records, waits for a person.
[guard]
delete = {{ at_least = 10, share = 0.10 }}
overwrite = {{ at_least = 25, share = 0.25 }}
recreate = {{ at_least = 10, share = 0.10 }}
create = {{ at_least = 200, share = 0.50 }}
move = {{ at_least = 50, share = 0.25 }}
# People whom Microsoft 365 would mail because of a plan.
mail = {{ at_least = 10, share = 0.0 }}
"""

DEFAULTS: Final[Mapping[str, str | bool]] = {
    "database": "sqlite:///tandem.db", "id": "main", "name": "My organisation", "authority": AUTHORITY,
    "graph": GRAPH, "client_id": "", "tenant": "", "ca_file": "", "proxy": "", "allow_test_authority": False,
}  # fmt: skip


def make_folder(folder: Path, given: Mapping[str, str | bool]) -> tuple[Settings, list[str]]:
    """Make what is missing of an installation; the settings, and what was made. Existing files stay as they are.

    Raises UserError when the folder can't be made, or its settings contradict what is given.
    """
    made = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _owner_only(folder)
        if not (folder / FILE).exists():
            write_private(folder / FILE, _TEMPLATE.format(**{k: _toml(v) for k, v in {**DEFAULTS, **given}.items()}))
            made.append(f"settings    {folder / FILE}")
        settings = read_settings(folder)
        _agree(settings, given)
        made += _copy_rules(settings.rules)
    except OSError as problem:
        raise UserError(
            f"The installation in {folder} can't be made: {problem.strerror}.", "Choose a folder that you may write."
        ) from None
    return settings, made


def _agree(settings: Settings, given: Mapping[str, str | bool]) -> None:
    """A folder that is there keeps its settings; giving others is a mistake to be told, not a change to be made."""
    microsoft = settings.microsoft
    present = {
        "id": settings.organisation, "name": settings.name, "authority": microsoft.authority, "graph": microsoft.graph,
        "client_id": microsoft.client_id, "tenant": microsoft.tenant, "proxy": microsoft.proxy,
        "allow_test_authority": microsoft.allow_test_authority,
    }  # fmt: skip
    other = [name for name, value in given.items() if name in present and present[name] != value]
    if other:
        raise UserError(
            f"{settings.folder / FILE} exists and says something else for: {', '.join(other)}.",
            "Edit that file, or choose another folder.",
        )


def _copy_rules(target: Path) -> list[str]:
    """The shipped rules with their cases, where there are none yet."""
    if target.exists():
        return []
    for folder, pattern in ((Path(), "*.rules"), (Path("cases"), "*.case")):
        (target / folder).mkdir(mode=0o700)
        for path in sorted((rules() / folder).glob(pattern)):
            shutil.copyfile(path, target / folder / path.name)
            (target / folder / path.name).chmod(0o600)
    return [f"rules       {target} (yours to edit)"]


def _owner_only(folder: Path) -> None:
    state = folder.stat()
    if stat.S_IMODE(state.st_mode) & 0o077:
        if any(folder.iterdir()) and not (folder / FILE).exists():
            raise UserError(
                f"{folder} holds other files and is open to others.", "Choose a new or empty folder for Tandem."
            )
        folder.chmod(0o700)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all; surrogates are kept as escapes."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _toml(value: str | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    if not escaped.isprintable():
        raise UserError("A setting may not hold control characters.")
    return f'"{escaped}"'
