"""A plan as a file: signed by the installation, readable, and applied only as far as it still stands."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from engine.errors import UserError
from engine.language.program import Program
from engine.plans import canonical
from state.secrets import Vault
from tandem import shown
from tandem.folder import write_private
from tandem.planview import PlanView
from tandem.render import as_json

FORMAT: Final = 1
LIFE: Final = timedelta(days=7)
_PURPOSE: Final = b"tandem saved plan"
_AGAIN: Final = "Make a new plan: `tandem plan --out FILE`."


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """One space's part of a file. ``decisions`` is decision content ▸ title."""

    space: str
    user: str
    kind: str
    program: str
    decisions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SavedPlans:
    """A whole file. ``digest`` is what a person confirms."""

    organisation: str
    made: str
    expires: str
    digest: str
    plans: tuple[SavedPlan, ...]


def save(path: Path, views: Sequence[PlanView], organisation: str, now: datetime, vault: Vault) -> str:
    """Write the plans to a file for its owner only; the digest by which the file is confirmed."""
    parts = [_part(view) for view in views if not view.plan.empty]
    document: dict[str, object] = {
        "tandem_plan": FORMAT,
        "organisation": organisation,
        "made": now.isoformat(),
        "expires": (now + LIFE).isoformat(),
        "digest": _digest(parts),
        "plans": parts,
    }
    document["signature"] = _signature(document, vault.keys[vault.current])
    try:
        write_private(path, shown.to_json(document) + "\n")
    except OSError as problem:
        raise UserError(
            f"The plan can't be written to {path}: {problem.strerror}.", "Choose a file that you may write."
        ) from None
    return str(document["digest"])


def load(path: Path, organisation: str, now: datetime, vault: Vault) -> SavedPlans:
    """Read a file. Raises UserError when it was altered, is another installation's or organisation's, or too old."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise UserError(
            f"The plan {path} can't be read: {problem.strerror}.", "Name a file of `tandem plan --out`."
        ) from None
    except ValueError:
        raise UserError(f"{path} is not a saved plan.", "Name a file of `tandem plan --out`.") from None
    if not isinstance(document, dict) or document.get("tandem_plan") != FORMAT:
        raise UserError(f"{path} is not a saved plan that this version reads.", _AGAIN)
    signature = str(document.pop("signature", ""))
    if not any(hmac.compare_digest(_signature(document, key), signature) for key in vault.keys.values()):
        raise UserError(f"{path} was altered, or made by another installation; nothing was done.", _AGAIN)
    if document["organisation"] != organisation:
        raise UserError(f"{path} belongs to another organisation; nothing was done.", _AGAIN)
    if datetime.fromisoformat(document["expires"]) < now:
        raise UserError(f"{path} is too old: it was made on {str(document['made'])[:10]}.", _AGAIN)
    plans = tuple(
        SavedPlan(row["space"], row["user"], row["kind"], row["program"], dict(row["decisions"]))
        for row in document["plans"]
    )
    return SavedPlans(organisation, document["made"], document["expires"], document["digest"], plans)


def check_rules(saved: SavedPlans, programs: Mapping[str, Program]) -> None:
    """Refuse a file that other rules made: what it says would be done for other reasons now."""
    for plan in saved.plans:
        program = programs.get(plan.kind)
        if program is None or program.digest != plan.program:
            raise UserError("The rules have changed since this plan was made; nothing was done.", _AGAIN)


def _part(view: PlanView) -> dict[str, object]:
    writing = [decision for decision in view.plan.decisions if decision.actions]
    return {
        "space": view.plan.header.space,
        "user": view.plan.header.user,
        "kind": view.kind,
        "program": view.plan.header.program,
        "decisions": {decision.content(): decision.title for decision in writing},
        "plan": as_json(view),
    }


def _digest(parts: Sequence[Mapping[str, object]]) -> str:
    told = [[part["space"], part["kind"], part["program"], part["decisions"]] for part in parts]
    return hashlib.blake2b(canonical(told), digest_size=16).hexdigest()


def _signature(document: Mapping[str, object], key: bytes) -> str:
    signing = hmac.new(key, _PURPOSE, hashlib.sha256).digest()
    return hmac.new(signing, canonical(document), hashlib.sha256).hexdigest()
