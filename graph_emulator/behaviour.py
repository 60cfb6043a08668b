"""Settings of the service's moods: what Microsoft 365 may do within its rules, and how often it does it here."""

from dataclasses import asdict, dataclass, fields, replace

CHOICES = {
    "view_deleted_occurrences": ("tombstone", "series", "nothing"),
    "transaction_repeat": ("same", "conflict", "bad_request"),
}


class UnknownBehaviour(Exception):
    """A setting that does not exist or has a value of the wrong type; the text names it."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Seconds, counts and switches. 0 for a limit means: no limit.

    delta_*: a round of several pages carries an empty page, a repeated row and rows out of order, as the service may.
    planner_etag_memory: how many versions of a resource an If-Match may name; planner_details_move_task: every write to
    details moves the task's etag; planner_checklist_merges: a checklist item keeps what a write leaves out.
    view_*: what deltas of a calendar view tell; all_day_in_utc: all-day events lie between midnights of UTC, whatever
    zone they were written in; *_mail*: which changes of a meeting mail more people than they have to.
    """

    latency: float = 0.0
    delta_empty_pages: bool = True
    delta_repeats: bool = True
    delta_shuffles: bool = True
    delta_token_life: float = 0.0
    delta_expired_status: int = 410
    delta_expired_code: str = "SyncStateNotFound"
    deleted_items_readable: bool = False
    mailbox_concurrency: int = 4
    mailbox_concurrency_status: int = 429
    requests_per_10_minutes: int = 10_000
    upload_bytes_per_5_minutes: int = 150_000_000
    retry_after: int = 1
    batch_shuffles: bool = True
    batch_surplus: bool = False
    batch_throttled_424: bool = False
    error_code_empty: bool = False
    innererror_lower_case: bool = False
    access_token_life: int = 3600
    device_code_life: int = 900
    device_code_interval: int = 1
    scope_spelling: str = "as_asked"
    withheld_scopes: str = ""
    view_master_rows: bool = True
    view_outside_tombstones: bool = True
    view_typeless_tombstones: bool = True
    view_deleted_occurrences: str = "series"
    zone_preference_ignored: bool = False
    all_day_in_utc: bool = True
    series_change_keeps_exceptions: bool = False
    transaction_repeat: str = "conflict"
    unchanged_values_mail: bool = False
    attendee_change_mails_everybody: bool = True
    attendee_delete_declines: bool = False
    cancelled_copy_stays: bool = True
    declined_copy_stays: bool = False
    planner_page: int = 400
    planner_etag_memory: int = 50
    planner_malformed_etag_status: int = 400
    planner_code_empty: bool = True
    planner_details_move_task: bool = False
    planner_checklist_merges: bool = False
    planner_premium_status: int = 404
    planner_tasks_in_plan: int = 9000
    planner_active_tasks_in_plan: int = 3000
    planner_tasks_assigned_to_user: int = 9000
    planner_tasks_created_by_user: int = 20_000
    planner_buckets_in_plan: int = 200
    planner_plans_in_group: int = 400
    planner_assignees_on_task: int = 20
    planner_checklist_items_on_task: int = 20
    planner_references_on_task: int = 15

    def with_changes(self, changes: dict[str, object]) -> "Behaviour":
        """A copy with other values; raises UnknownBehaviour for a wrong name or type."""
        types = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for name, value in changes.items():
            if name not in types:
                raise UnknownBehaviour(f"There is no setting {name!r}. Known: {', '.join(types)}.")
            wanted = types[name]
            right = isinstance(value, (int, float)) if wanted is float else isinstance(value, wanted)
            if not right or (isinstance(value, bool) and wanted is not bool):
                raise UnknownBehaviour(f"The setting {name!r} takes a value of type {wanted.__name__}.")
            if value not in CHOICES.get(name, (value,)):
                raise UnknownBehaviour(f"The setting {name!r} takes one of: {', '.join(CHOICES[name])}.")
        return replace(self, **changes)  # type: ignore[arg-type]

    def as_json(self) -> dict[str, object]:
        """All settings by name."""
        return asdict(self)
