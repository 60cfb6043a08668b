"""Why Planner says no, in plain words: its limits are told by code, and nothing of a task is quoted."""

from __future__ import annotations

from typing import Final

from graph_client.answers import Answer, Meaning
from graph_client.session import describe, refusal

_QUOTA: Final = "maximum"
_LIMITS: Final = {
    "maximumtasksinproject": "the plan holds as many tasks as Planner allows",
    "maximumactivetasksinproject": "the plan holds as many open tasks as Planner allows: complete or remove some",
    "maximumbucketsinproject": "the plan holds as many buckets as Planner allows",
    "maximumtasksassignedtouser": "a person it is assigned to has as many tasks as Planner allows",
    "maximumtaskscreatedbyuser": "the account that writes has created as many tasks as Planner allows",
    "maximumassigneesintasks": "more people are assigned than Planner allows",
    "maximumchecklistitemsontask": "the checklist is longer than Planner allows",
    "maximumreferencesontask": "it has more attachments than Planner allows",
    "maximumuserssharedwithproject": "the plan is shared with as many people as Planner allows",
}

NO_BUCKET: Final = "no list of Planner is named for it"
BUCKET_GONE: Final = "the Planner list no longer exists, or nobody connected can see it"
PLAN_GONE: Final = "the plan or its list no longer exists, or nobody connected can see it"


def is_quota(answer: Answer) -> bool:
    """Whether a 403 is about a limit, which another sign-in would meet as well."""
    return answer.status == 403 and answer.code.startswith(_QUOTA)


def reason(answer: Answer) -> str:
    """Why this answer is a no; for a 403 that every member got, that nobody may."""
    if is_quota(answer):
        return f"{_LIMITS.get(answer.code, 'one of the limits of Planner is reached')} ({describe(answer)})"
    if answer.meaning is Meaning.FORBIDDEN:
        return f"nobody who is connected may change this in Planner ({describe(answer)})"
    return refusal(answer)
