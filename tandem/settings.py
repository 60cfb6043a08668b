"""The settings of one installation: a folder with ``tandem.toml``, the rules, the key and (by default) the database."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from engine.errors import UserError
from engine.language.suggestions import did_you_mean
from engine.plans import Class
from engine.sync.guard import DEFAULT_LIMITS, Limit

FILE: Final = "tandem.toml"
VARIABLE: Final = "TANDEM_INSTALLATION"
USUAL: Final = ("tandem-installation", "demo-installation")
"""Where an installation is looked for below the current folder: what ``init`` and the demo make."""

AUTHORITY: Final = "https://login.microsoftonline.com/organizations"
GRAPH: Final = "https://graph.microsoft.com"


@dataclass(frozen=True, slots=True)
class Microsoft:
    """Where Microsoft 365 is and how to reach it. ``tenant`` '' is settled by the first account that connects."""

    authority: str = AUTHORITY
    graph: str = GRAPH
    client_id: str = ""
    tenant: str = ""
    ca_file: str = ""
    proxy: str = ""
    allow_test_authority: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What ``tandem.toml`` says. ``folder``, ``rules`` and a file in ``database`` are absolute."""

    folder: Path
    database: str
    rules: Path
    organisation: str
    name: str
    interval_minutes: float = 10.0
    microsoft: Microsoft = field(default_factory=Microsoft)
    limits: Mapping[Class, Limit] = field(default_factory=lambda: DEFAULT_LIMITS)


def find_folder(given: str | None, environment: Mapping[str, str], here: Path) -> Path:
    """The installation's folder: the one given, else ``TANDEM_INSTALLATION``, else the current folder, else one of the
    usual names below it. Raises UserError when there is none."""
    named = given or environment.get(VARIABLE)
    if named:
        folder = Path(named).expanduser().absolute()
        if not (folder / FILE).is_file():
            raise UserError(f"There is no Tandem installation in {folder}.", f"Run `tandem init {named}` to make one.")
        return folder
    for folder in (here, *(here / name for name in USUAL)):
        if (folder / FILE).is_file():
            return folder.absolute()
    raise UserError(
        "There is no Tandem installation here.",
        f"Run `tandem init` to make one, or name it: `tandem --installation DIR …` or {VARIABLE}=DIR.",
    )


def read_settings(folder: Path) -> Settings:
    """The settings in ``folder``. Raises UserError that names the key and says what to write."""
    path = folder / FILE
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise UserError(f"{path} can't be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as problem:
        raise UserError(f"{path} is not valid TOML: {problem}.", "Correct that line.") from None
    return _Reader(path).settings(folder, document)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Checks one document; ``path`` is named in every complaint."""

    path: Path

    def settings(self, folder: Path, document: Mapping[str, object]) -> Settings:
        known = ("database", "rules", "interval_minutes", "organisation", "microsoft", "guard")
        self._known(document, known, "")
        org = self._table(document, "organisation")
        self._known(org, ("id", "name"), "organisation.")
        interval = document.get("interval_minutes", 10)
        if isinstance(interval, bool) or not isinstance(interval, int | float) or not 0 < interval <= 1440:
            raise self._wrong("interval_minutes", "a number of minutes above 0, at most 1440")
        id = self._text(org, "id", "organisation.", "main")
        return Settings(
            folder=folder,
            database=_absolute(self._text(document, "database", "", "sqlite:///tandem.db"), folder),
            rules=folder / self._text(document, "rules", "", "rules"),
            organisation=id,
            name=self._text(org, "name", "organisation.", id),
            interval_minutes=float(interval),
            microsoft=self._microsoft(self._table(document, "microsoft"), folder),
            limits=self._limits(self._table(document, "guard")),
        )

    def _microsoft(self, table: Mapping[str, object], folder: Path) -> Microsoft:
        texts = ("authority", "graph", "client_id", "tenant", "ca_file", "proxy")
        self._known(table, (*texts, "allow_test_authority"), "microsoft.")
        allow = table.get("allow_test_authority", False)
        if not isinstance(allow, bool):
            raise self._wrong("microsoft.allow_test_authority", "true or false")
        default = Microsoft()
        given = {name: self._text(table, name, "microsoft.", getattr(default, name)) for name in texts}
        if given["ca_file"]:
            given["ca_file"] = str(folder / given["ca_file"])
        return Microsoft(**given, allow_test_authority=allow)

    def _limits(self, table: Mapping[str, object]) -> Mapping[Class, Limit]:
        classes: tuple[Class, ...] = ("create", "recreate", "update", "overwrite", "move", "delete", "mail")
        self._known(table, classes, "guard.")
        limits = dict(DEFAULT_LIMITS)
        for klass in classes:
            if klass in table:
                limits[klass] = self._limit(self._table(table, klass, "guard."), f"guard.{klass}.", limits.get(klass))
        return MappingProxyType(limits)

    def _limit(self, table: Mapping[str, object], prefix: str, default: Limit | None) -> Limit:
        self._known(table, ("at_least", "share"), prefix)
        at_least = table.get("at_least", default.at_least if default else 0)
        share = table.get("share", default.share if default else 0.0)
        if isinstance(at_least, bool) or not isinstance(at_least, int) or at_least < 0:
            raise self._wrong(f"{prefix}at_least", "a whole number of records, 0 or more")
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise self._wrong(f"{prefix}share", "a share from 0 to 1, such as 0.1")
        return Limit(at_least, float(share))

    def _known(self, table: Mapping[str, object], known: tuple[str, ...], prefix: str) -> None:
        for name in table:
            if name not in known:
                hint = did_you_mean(name, known) or f"Known here: {', '.join(known)}."
                raise UserError(f"{self.path}: there is no setting {prefix}{name}.", hint)

    def _table(self, table: Mapping[str, object], name: str, prefix: str = "") -> Mapping[str, object]:
        found = table.get(name, {})
        if not isinstance(found, dict):
            raise self._wrong(prefix + name, f"a section: a line [{prefix}{name}] with settings below it")
        return found

    def _text(self, table: Mapping[str, object], name: str, prefix: str, default: str) -> str:
        found = table.get(name, default)
        if not isinstance(found, str):
            raise self._wrong(prefix + name, 'text in quotes: "…"')
        return found

    def _wrong(self, name: str, wanted: str) -> UserError:
        return UserError(f"{self.path}: {name} must be {wanted}.")


def _absolute(database: str, folder: Path) -> str:
    """A relative SQLite file lies in the installation's folder."""
    start = "sqlite:///"
    if not database.startswith(start) or database == start or database.startswith(start + ":"):
        return database
    return start + str(folder / database.removeprefix(start))


def current(given: str | None) -> Settings:
    """The settings that a command works with."""
    return read_settings(find_folder(given, os.environ, Path.cwd()))
