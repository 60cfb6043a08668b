"""The installation's rule files, compiled once per content; imports nothing heavy, so that ``check`` is quick."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import crm.fields
import graph_client.fields
from engine.errors import UserError
from engine.language.compiler import compile_folder
from engine.language.program import Program
from engine.schema import Schemas

SCHEMAS: Schemas = {**crm.fields.SCHEMAS, **graph_client.fields.SCHEMAS}
"""What both sides can hold, as rules name it."""


class RuleFolder:
    """A folder of rule files. Reading it again costs a look at the files unless one of them changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen = ""
        self._programs: tuple[Program, ...] = ()

    def programs(self) -> tuple[Program, ...]:
        """The compiled files, by name. Raises RuleErrors with every problem of every file."""
        if not self.folder.exists():
            raise UserError(
                f"There is no rules folder {self.folder}.",
                "Put it back or correct `rules` in tandem.toml; `tandem init FOLDER` puts the shipped rules there.",
            )
        digest = self._digest()
        if not self._programs or digest != self._seen:
            self._programs, self._seen = compile_folder(self.folder, SCHEMAS), digest
        return self._programs

    def _digest(self) -> str:
        digest = hashlib.blake2b(digest_size=16)
        for path in sorted(self.folder.glob("*.rules")):
            state = path.stat()
            digest.update(f"{path.name}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
        return digest.hexdigest()


def by_name(programs: tuple[Program, ...]) -> Mapping[str, Program]:
    return {program.name: program for program in programs}
