"""Settings of the service's moods: what Microsoft 365 may do within its rules, and how often it does it here."""

from dataclasses import asdict, dataclass, fields, replace


class UnknownBehaviour(Exception):
    """A setting that does not exist or has a value of the wrong type; the text names it."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Seconds, counts and switches. 0 for a limit means: no limit.

    delta_*: a round of several pages carries an empty page, a repeated row and rows out of order, as the service may.
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
        return replace(self, **changes)  # type: ignore[arg-type]

    def as_json(self) -> dict[str, object]:
        """All settings by name."""
        return asdict(self)
