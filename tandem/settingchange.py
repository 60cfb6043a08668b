"""Changing a setting: the one way for organisation and users."""

from __future__ import annotations

from collections.abc import Sequence

from crm.people import User
from engine.context import fold
from engine.errors import SideError
from engine.language.suggestions import did_you_mean
from engine.links import Space
from engine.records import CRM, M365, Side
from state.accounts import account_of
from state.organisations import WHOLE, SettingChange, change_setting
from tandem import shown
from tandem.installation import Installation
from tandem.settingvalues import Setting, parse
from tandem.tasklists import try_publish

DEFAULT = "default"
"""The word that takes a value back."""


def change(installation: Installation, setting: Setting, words: Sequence[str], user: User | None) -> None:
    """Store what the words say, for a user or (None) the organisation. Raises UserError for what is no value."""

    def known(side: Side, kind: str) -> Sequence[str] | None:
        if (side, kind) == (CRM, "Folder"):
            return [reference.name for reference, _ in installation.store.folders()]
        if (side, kind) == (CRM, "TaskList"):
            return _task_lists(installation, words, user)
        return None  # Outlook's folders differ per mailbox, and may be made later

    value = None if list(words) == [DEFAULT] else parse(setting, words, known)
    change_setting(
        installation.engine,
        installation.org,
        SettingChange(
            rule_file=setting.program.name, name=setting.spec.name, value=value, user=user.id if user else WHOLE,
            changed_by="command line", changed_at=installation.milliseconds(),
        ),
    )  # fmt: skip


def _task_lists(installation: Installation, words: Sequence[str], user: User | None) -> list[str]:
    """The picklist as the user sees it; Planner is asked again for a name that is not in it."""
    whose = user.id if user else None
    there = [reference.name for reference in installation.store.task_lists(whose)]
    if not {fold(word) for word in words} <= {fold(name) for name in there}:
        try_publish(installation)
        there = [reference.name for reference in installation.store.task_lists(whose)]
    return there


def doubts(installation: Installation, setting: Setting, words: Sequence[str], user: User) -> list[str]:
    """Names of Outlook folders that the user's mailbox does not have now: perhaps misspelt, perhaps still to come."""
    spec = setting.spec
    account = account_of(installation.engine, installation.org, user.id)
    chosen = [word for word in words if fold(word) not in ("everything", "none", DEFAULT)]
    if spec.target is None or spec.target[0] != M365 or account is None or not chosen:
        return []
    space = Space(installation.org, account.id, user.id, account.zone)
    try:
        there = [one.name for one in installation.m365.reader(space).collections(setting.program.m365.kind)]
    except SideError as problem:
        return [f"Whether Outlook has these folders can't be told now: {problem}"]
    folded = {fold(name) for name in there}
    return [
        f"Outlook has no folder {shown.safe(word)} yet. {did_you_mean(word, there)}".rstrip()
        for word in chosen
        if fold(word) not in folded
    ]
