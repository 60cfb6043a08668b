"""A typed client of the control routes, for tests, the demo and benchmarks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import requests

from graph_emulator.calendar.control_client import CalendarControl
from graph_emulator.messages import Properties
from graph_emulator.planner.control_client import PlannerControl


class ControlError(Exception):
    """The emulator refused; the text is its reason."""


@dataclass(frozen=True, slots=True)
class LogTotals:
    """Totals since the last reset: requests, parts, people mailed; seconds during which a request was inside."""

    requests: int
    parts: int
    mails: int
    busy_seconds: float
    seconds: float
    held_seconds: float


class ControlClient:
    """Speaks to one emulator. `mailbox` is a user principal name or object id everywhere.

    `planner` is Planner, `calendar` the calendars and the outbox.
    """

    def __init__(self, url: str, ca_file: Path | str, control_key: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(ca_file)
        self._session.headers["X-Emulator-Key"] = control_key
        self.planner = PlannerControl(self.call)
        self.calendar = CalendarControl(self.call)

    @classmethod
    def from_start_message(cls, message: Mapping[str, object]) -> "ControlClient":
        """A client from the JSON line that the process prints."""
        return cls(str(message["url"]), str(message["ca_file"]), str(message["control_key"]))

    def call(self, name: str, /, **body: object) -> Properties:
        """Any control route by name; raises ControlError with the emulator's reason."""
        answer = self._session.post(f"{self.url}/_emulator/{name}", data=json.dumps(body), timeout=60)
        data = cast(Properties, answer.json())
        if answer.status_code != 200:
            raise ControlError(str(data.get("error")))
        return data

    # State and edits

    def state(self, mailbox: str | None = None) -> dict[str, Any]:
        """`{"mailboxes": {upn: {"folders", "contacts", "events", …}}, "mails": 0}`, of one mailbox or of all."""
        return self.call("state", mailbox=mailbox)

    def contacts(self, mailbox: str) -> list[dict[str, Any]]:
        """Live contacts of a mailbox with folder path, classic id and extended properties."""
        boxes = cast(dict[str, dict[str, list[dict[str, Any]]]], self.state(mailbox)["mailboxes"])
        return next(iter(boxes.values()))["contacts"]

    def deleted(self, mailbox: str) -> list[dict[str, Any]]:
        """Contacts in Deleted Items."""
        boxes = cast(dict[str, dict[str, list[dict[str, Any]]]], self.state(mailbox)["mailboxes"])
        return next(iter(boxes.values()))["deleted"]

    def create_contact(
        self, mailbox: str, properties: Mapping[str, object], folder: str = "Contacts"
    ) -> dict[str, Any]:
        """A person adds a contact; `folder` is a path such as `Clients/North`."""
        return self.call("edit", action="create", mailbox=mailbox, properties=dict(properties), folder=folder)

    def update_contact(self, mailbox: str, contact_id: str, properties: Mapping[str, object]) -> dict[str, Any]:
        """A person changes a contact."""
        return self.call("edit", action="update", mailbox=mailbox, id=contact_id, properties=dict(properties))

    def delete_contact(self, mailbox: str, contact_id: str) -> None:
        """A person deletes a contact; it lies in Deleted Items then."""
        self.call("edit", action="delete", mailbox=mailbox, id=contact_id)

    def purge_contact(self, mailbox: str, contact_id: str) -> None:
        """A person removes a contact for good."""
        self.call("edit", action="purge", mailbox=mailbox, id=contact_id)

    def restore_contact(self, mailbox: str, contact_id: str) -> dict[str, Any]:
        """A person takes a contact out of Deleted Items."""
        return self.call("edit", action="restore", mailbox=mailbox, id=contact_id)

    def move_contact(self, mailbox: str, contact_id: str, folder: str) -> dict[str, Any]:
        """A person moves a contact to another folder."""
        return self.call("edit", action="move", mailbox=mailbox, id=contact_id, folder=folder)

    def copy_contact(self, mailbox: str, contact_id: str, folder: str | None = None) -> dict[str, Any]:
        """A person copies a contact, extended properties and all."""
        return self.call("edit", action="copy", mailbox=mailbox, id=contact_id, folder=folder)

    def touch_contact(self, mailbox: str, contact_id: str) -> dict[str, Any]:
        """Bump the change key without changing content."""
        return self.call("edit", action="touch", mailbox=mailbox, id=contact_id)

    def touch_all(self, mailbox: str) -> None:
        """Bump the change keys of all contacts of a mailbox."""
        self.call("edit", action="touch_all", mailbox=mailbox)

    def normalise_late(
        self, mailbox: str, contact_id: str, reads: int, properties: Mapping[str, object] | None = None
    ) -> None:
        """After `reads` reads the service writes `properties` (or nothing) on the contact by itself."""
        self.call("edit", action="late", mailbox=mailbox, id=contact_id, reads=reads, properties=dict(properties or {}))

    def create_folder(self, mailbox: str, name: str, parent: str = "Contacts") -> dict[str, Any]:
        """A person makes a folder below `parent` (a path)."""
        return self.call("edit", action="create_folder", mailbox=mailbox, displayName=name, parent=parent)

    def rename_folder(self, mailbox: str, folder: str, name: str) -> dict[str, Any]:
        """A person renames a folder."""
        return self.call("edit", action="rename_folder", mailbox=mailbox, folder=folder, displayName=name)

    def delete_folder(self, mailbox: str, folder: str) -> None:
        """A person deletes a folder with its contents."""
        self.call("edit", action="delete_folder", mailbox=mailbox, folder=folder)

    def empty_deleted_items(self, mailbox: str) -> None:
        """A person empties Deleted Items."""
        self.call("edit", action="empty_deleted_items", mailbox=mailbox)

    def enable_mailbox(self, mailbox: str, enabled: bool) -> None:
        """Take the mailbox away from Graph (404 MailboxNotEnabledForRESTAPI), or give it back."""
        self.call("mailbox", mailbox=mailbox, enabled=enabled)

    # Log

    def log(self, since: int = 0) -> list[dict[str, Any]]:
        """Requests with sequence number above `since`, in order of arrival; control calls are not among them."""
        return cast(list[dict[str, Any]], self.call("log", since=since)["requests"])

    def totals(self) -> LogTotals:
        """Counts and times since the last reset of the log."""
        data = cast(dict[str, Any], self.call("log", since=2**31))
        counts = (int(data["total"]), int(data["parts"]), int(data["mails"]))
        return LogTotals(*counts, data["busySeconds"], data["seconds"], data["heldSeconds"])

    def reset(self, *what: str) -> None:
        """Reset `log outbox faults barriers behaviour clock throttle` (these if none is named) or `mailboxes`."""
        self.call("reset", what=list(what))

    # Faults, barriers, kill hooks, clock, settings

    def add_rule(
        self,
        action: Mapping[str, object],
        method: str = "*",
        path: str = "",
        nth: int = 1,
        count: int = 1,
        part: bool = False,
        mailbox: str = "",
    ) -> int:
        """A fault rule: `action` (kind and members) for requests whose path (without `/v1.0`) matches."""
        body = {"action": dict(action), "method": method, "path": path, "nth": nth, "count": count}
        return cast(int, self.call("rule", **body, part=part, mailbox=mailbox)["id"])

    def faults(self) -> dict[str, Any]:
        """Rules, kill hooks and barriers with what they have seen and done."""
        return self.call("faults")

    def arm_kill(self, pgid: int, at: int, when: str = "before", parts: bool = False) -> int:
        """SIGKILL to the process group at the `at`-th request from now, `before` or `after` it is applied."""
        return cast(int, self.call("kill", pgid=pgid, at=at, when=when, parts=parts)["id"])

    def hold(self, method: str, path: str, count: int, seed: int | None = None, timeout: float = 30.0) -> int:
        """A barrier: matching requests wait until `count` are there; `seed` shuffles their order then."""
        body = {"method": method, "path": path, "count": count, "timeout": timeout}
        return cast(int, self.call("barrier", **body, seed=seed)["id"])

    def release(self) -> None:
        """Open and remove all barriers."""
        self.call("release")

    def set_clock(self, instant: str | None = None, offset: float | None = None, advance: float | None = None) -> None:
        """Mailbox clock to an ISO instant, or `offset` seconds ahead; or let `advance` seconds pass for everything."""
        given = {"set": instant, "offset": offset, "advance": advance}
        self.call("clock", **{name: value for name, value in given.items() if value is not None})

    def set_behaviour(self, **settings: object) -> dict[str, Any]:
        """Change settings of `graph_emulator.behaviour.Behaviour`; returns all of them."""
        return self.call("behaviour", **settings)

    def expire_delta_tokens(self, mailbox: str | None = None) -> None:
        """All delta links given so far answer as expired from now on."""
        self.call("expire-delta", mailbox=mailbox)

    # Sign-in

    def approve_device(self, user_code: str, upn: str) -> None:
        """The person signs in as `upn` with the code."""
        self.call("approve", userCode=user_code, mailbox=upn)

    def decline_device(self, user_code: str) -> None:
        """The person declines the sign-in."""
        self.call("approve", userCode=user_code, decline=True)

    def revoke_sign_in(self, mailbox: str, access_tokens: bool = True) -> None:
        """End a user's sign-ins: `invalid_grant` on refresh, and 401 at once unless `access_tokens` is False."""
        self.call("revoke", mailbox=mailbox, accessTokens=access_tokens)

    def expire_access_tokens(self, mailbox: str) -> None:
        """401 for the access tokens given so far; refresh tokens still work."""
        self.call("end-access", mailbox=mailbox)

    def set_id_token_flaw(self, flaw: str | None, count: int = 0) -> None:
        """Issue ID tokens with a flaw of `graph_emulator.identity.FLAWS`, `count` times (0: until changed)."""
        self.call("flaw", flaw=flaw, count=count)

    def token(self, mailbox: str, scopes: Sequence[str] | None = None) -> dict[str, Any]:
        """A token response without a sign-in, for tests that aren't about signing in."""
        return self.call("token", mailbox=mailbox, scopes=None if scopes is None else list(scopes))

    def add_tenant(
        self,
        tenant: Mapping[str, object],
        mailboxes: Mapping[str, object] | None = None,
        planner: Mapping[str, object] | None = None,
    ) -> None:
        """Another organisation, in the shapes of the mailbox files and of `planner.json`."""
        self.call("tenant", tenant=dict(tenant), mailboxes=dict(mailboxes or {}), planner=dict(planner or {}))

    def planner_of(self, tenant_id: str) -> PlannerControl:
        """Planner of another organisation than the first."""
        return PlannerControl(self.call, tenant_id)

    # Snapshot

    def save(self) -> Path:
        """Write the snapshot into the emulator's folder."""
        return Path(str(self.call("save")["file"]))

    def load(self) -> None:
        """Go back to the snapshot in the emulator's folder."""
        self.call("load")

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def __enter__(self) -> "ControlClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
