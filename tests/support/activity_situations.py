"""Small situations for the rules of activities, and what the rules make of each, as plain data that can be recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, TypeAlias

from activity_records import ACTIVITY, EVENT, NOW, RULES, program
from activity_table import GROUP, NOTHING, ActivityTable, activity, but, event
from situations import Book, Outcome, about_settings

from engine.context import SettingValue
from engine.links import NO_AGREEMENT, Link
from engine.records import CRM, M365, Barred, Gone, Record, Value

Situation: TypeAlias = "Callable[[ActivityTable], Outcome]"
ANN: Final = "ann@firm.test"
BOB: Final = "bob@firm.test"
CAT: Final = "cat@firm.test"
DAN: Final = "dan@elsewhere.test"
GUEST: Final = "guest@elsewhere.test"
INVITING: Final[Mapping[str, SettingValue]] = {"invite_to_future": True}


def on(days: float, time: str = "10:00") -> str:
    """An instant, so many days from now."""
    return f"{NOW + timedelta(days=days):%Y-%m-%d}T{time}:00Z"


def said(days: float, time: str = "10:00") -> str:
    """The same as Outlook says it."""
    return f"{on(days, time)}[Europe/London]"


def pair(days: float = 3, group: str = "") -> tuple[Record, Record]:
    """A meeting of an hour on both sides, with Bob and somebody outside, on which both agree."""
    crm = activity(
        subject="Visit", date_start=on(days), date_end=on(days, "11:00"), allday=False, location="Yard",
        description="Bring plans", private=False, users=("u1", "u2"),
    )  # fmt: skip
    m365 = event(
        "m",
        group,
        subject="Visit",
        start=said(days),
        end=said(days, "11:00"),
        isAllDay=False,
        location=("Yard",),
        body="Bring plans",
        attendees=(BOB, GUEST),
    )
    return crm, m365


CRM_NOW, M365_NOW = pair()
CHANGED_CRM: Final[dict[str, Value]] = {
    "subject": "Site visit", "date_start": on(5, "12:00"), "date_end": on(5, "13:30"), "allday": True,
    "location": "Office", "description": "They were cross", "private": True, "users": ("u1", "u3", "u4"),
    "activitytype": "Call",
}  # fmt: skip
CHANGED_M365: Final[dict[str, Value]] = {
    "subject": "Walk", "start": said(6, "08:00"), "end": said(6, "09:00"), "isAllDay": True, "location": ("Gate",),
    "body": "Other words", "sensitivity": "private", "attendees": (CAT, DAN, GUEST),
}  # fmt: skip
THEIRS: Final[dict[str, Value]] = {"organizer": GUEST, "isOrganizer": False, "attendees": (ANN, BOB, CAT)}
BOBS: Final[dict[str, Value]] = {"organizer": BOB, "isOrganizer": False, "attendees": (ANN, GUEST)}
GONE_CRM, GONE_M365 = Gone(CRM, "Activity", "t"), Gone(M365, "event", "m")


def _settings() -> dict[str, Situation]:
    org: Mapping[str, SettingValue] = {
        "direction": "to_m365", "conflict": "newest", "invite_to_past": True, "invite_to_future": False,
    }  # fmt: skip
    user: Mapping[str, SettingValue] = {
        "direction": "to_crm", "conflict": "m365", "invite_to_past": False, "invite_to_future": True,
    }  # fmt: skip
    return {
        **about_settings(org, user),
        "settings: the organisation has one way, the user both": lambda t: t.set_to(org, {"direction": "both"}),
        "settings: the user has one way, the organisation both": lambda t: t.set_to({"direction": "both"}, user),
    }


def _linked(
    crm: Mapping[str, Value], m365: Mapping[str, Value], settings: Mapping[str, SettingValue] = NOTHING
) -> Situation:
    """The agreed pair after edits on both sides."""
    return lambda t: t.linked(
        but(CRM_NOW, crm) if crm else CRM_NOW, but(M365_NOW, m365) if m365 else M365_NOW, (CRM_NOW, M365_NOW),
        settings=settings,
    )  # fmt: skip


def _kept_in_step() -> dict[str, Situation]:
    found: dict[str, Situation] = {
        "nothing changed": _linked({}, {}),
        "every field emptied in the CRM": _linked(dict.fromkeys(CHANGED_CRM, None) | {"activitytype": "Meeting"}, {}),
        "spelt differently in the CRM": _linked({"subject": "Visit ", "description": "Bring plans\r\n"}, {}),
        "different fields on both sides": _linked({"subject": "Site"}, {"location": ("Gate",)}),
        "people on both sides, inviting": _linked(
            {"users": ("u1", "u2", "u3")}, {"attendees": (GUEST, DAN)}, settings=INVITING
        ),
        "people on both sides, not inviting": _linked({"users": ("u1", "u2", "u3")}, {"attendees": (GUEST, DAN)}),
        "given to a colleague who is on it, inviting": _linked({"assigned_user_id": "u2"}, {}, settings=INVITING),
        "given to a colleague not connected, inviting": _linked(
            {"assigned_user_id": "u3", "users": ("u1",)}, {}, settings=INVITING
        ),
        "one way to Outlook, changed in Outlook": _linked({}, CHANGED_M365, settings={"direction": "to_m365"}),
        "one way to the CRM, changed in the CRM": _linked(CHANGED_CRM, {}, settings={"direction": "to_crm"}),
        "off, changed in both": _linked(CHANGED_CRM, CHANGED_M365, settings={"direction": "off"}),
        "agreed nothing yet": lambda t: t.linked(
            but(CRM_NOW, CHANGED_CRM), M365_NOW, (CRM_NOW, M365_NOW), NO_AGREEMENT
        ),
        "agreed nothing yet, one side has gaps": lambda t: t.linked(
            but(CRM_NOW, location=None, description=None), but(M365_NOW, attendees=None), (CRM_NOW, M365_NOW),
            NO_AGREEMENT,
        ),
    }  # fmt: skip
    for name, settings in (("not inviting", NOTHING), ("inviting", INVITING)):
        found[f"every field changed in the CRM, {name}"] = _linked(CHANGED_CRM, {}, settings=settings)
        found[f"every field changed in Outlook, {name}"] = _linked({}, CHANGED_M365, settings=settings)
    for who in ("crm", "m365", "newest"):
        for late, later in ((2_000, 9_000), (9_000, 2_000), (5_000, 5_000)):
            found[f"conflict: {who}, {late} and {later}"] = lambda t, who=who, late=late, later=later: t.linked(  # type: ignore[misc]
                but(CRM_NOW, at=late * 1000, subject="Site", location="Gate"),
                but(M365_NOW, at=later * 1000, subject="Walk", location=("Pier",)), (CRM_NOW, M365_NOW),
                settings={"conflict": who},
            )  # fmt: skip
    return found | {"conflict: as set by default": _linked({"subject": "Site"}, {"subject": "Walk"})}


def _privacy() -> dict[str, Situation]:
    """Every pair of agreed values, then another one on either side."""
    found: dict[str, Situation] = {}
    outlook = ("normal", "private", "confidential", "personal")
    for word in outlook:
        agreed = but(CRM_NOW, private=word != "normal"), but(M365_NOW, sensitivity=word)
        for then in (True, False):
            found[f"privacy: {word}, {then} in the CRM"] = lambda t, agreed=agreed, then=then: t.linked(  # type: ignore[misc]
                but(agreed[0], private=then, location="Gate"), agreed[1], agreed
            )
            found[f"privacy: {word} met with {then}"] = lambda t, word=word, then=then: t.linked(  # type: ignore[misc]
                but(CRM_NOW, private=then), but(M365_NOW, sensitivity=word), (CRM_NOW, M365_NOW), NO_AGREEMENT
            )
        for other in outlook:
            found[f"privacy: {word}, then {other}"] = lambda t, agreed=agreed, other=other: t.linked(  # type: ignore[misc]
                agreed[0], but(agreed[1], sensitivity=other, location=("Gate",)), agreed
            )
        found[f"privacy: new and {word}"] = lambda t, word=word: t.new_event(but(M365_NOW, sensitivity=word))  # type: ignore[misc]
    return found | {
        "privacy: new and private in the CRM": lambda t: t.new_activity(but(CRM_NOW, private=True)),
        "privacy: opened in the CRM, private in Outlook": lambda t: t.linked(
            but(CRM_NOW, private=False), but(M365_NOW, sensitivity="personal"),
            (but(CRM_NOW, private=True), but(M365_NOW, sensitivity="confidential")),
        ),
    }  # fmt: skip


def _times() -> dict[str, Situation]:
    """Around the ends of the window, by days and by hours, and around the meeting's own end."""
    found: dict[str, Situation] = {}
    moments = [(days, "10:00") for days in (-100, -70, -58, -40, -10, 40, 350, 380)]
    moments += [(-61, "05:00"), (-61, "23:00"), (365, "08:00"), (365, "23:00"), (0, "05:00"), (0, "20:00")]
    for days, time in moments:
        crm = but(CRM_NOW, date_start=on(days, time), date_end=on(days, "23:30"))
        m365 = but(M365_NOW, start=said(days, time), end=said(days, "23:30"))
        found |= {
            f"{days} {time}: {name}": situation for name, situation in _around(crm, m365).items()
        }  # fmt: skip
    return found | {
        "started, not over, inviting": lambda t: t.new_activity(
            but(CRM_NOW, date_start=on(0, "08:00"), date_end=on(0, "09:30")), settings=INVITING
        ),
        "just over, inviting": lambda t: t.new_activity(
            but(CRM_NOW, date_start=on(0, "08:00"), date_end=on(0, "08:59")), settings=INVITING
        ),
        "no date in the CRM": lambda t: t.new_activity(but(CRM_NOW, date_start=None, date_end=None)),
        "no date any more": lambda t: t.linked(
            but(CRM_NOW, date_start=None, subject="Site"), but(M365_NOW, start=None), pair()
        ),
        "moved out of the window in the CRM": _linked({"date_start": on(-90), "date_end": on(-90, "11:00")}, {}),
        "moved out of the window in Outlook": _linked({}, {"start": said(400), "end": said(400, "11:00")}),
        "other zone, same instant": _linked({}, {"start": on(3) + "[Asia/Tokyo]"}),
    }


def _around(crm: Record, m365: Record) -> dict[str, Situation]:
    past: Mapping[str, SettingValue] = {"invite_to_past": True}
    return {
        "new in the CRM": lambda t: t.new_activity(crm),
        "new in the CRM, inviting to the future": lambda t: t.new_activity(crm, settings=INVITING),
        "new in the CRM, inviting to the past": lambda t: t.new_activity(crm, settings=past),
        "new in Outlook": lambda t: t.new_event(m365),
        "edited in the CRM": lambda t: t.linked(but(crm, subject="Site"), m365, (crm, m365)),
        "somebody added, inviting to the past": lambda t: t.linked(
            but(crm, users=("u1", "u2", "u3")), m365, (crm, m365), settings=past
        ),
        "deleted in the CRM": lambda t: t.linked(GONE_CRM, m365, (crm, m365)),
        "deleted in Outlook": lambda t: t.linked(
            crm, GONE_M365, (crm, but(m365, attendees=None)), base=t.base_of(crm, but(m365, attendees=None))
        ),
    }


def _coming() -> dict[str, Situation]:
    crm, m365 = CRM_NOW, M365_NOW
    found: dict[str, Situation] = {
        "new in the CRM, an empty one": lambda t: t.new_activity(activity()),
        "new in the CRM, a task": lambda t: t.new_activity(but(crm, activitytype="Task")),
        "new in the CRM, a call": lambda t: t.new_activity(but(crm, activitytype="Call")),
        "new in the CRM, one way to the CRM": lambda t: t.new_activity(crm, settings={"direction": "to_crm"}),
        "new in the CRM, a colleague's": lambda t: t.new_activity(but(crm, assigned_user_id="u2", users=("u2",))),
        "new in the CRM, nobody's": lambda t: t.new_activity(but(crm, assigned_user_id=None, users=None)),
        "new in the CRM, with everybody, inviting": lambda t: t.new_activity(
            but(crm, users=("u1", "u2", "u3", "u4")), settings=INVITING
        ),
        "new in the CRM, with nobody, inviting": lambda t: t.new_activity(but(crm, users=None), settings=INVITING),
        "new in the CRM on the first sync, inviting": lambda t: t.new_activity(crm, first=True, settings=INVITING),
        "new in Outlook": lambda t: t.new_event(m365),
        "new in Outlook, a draft": lambda t: t.new_event(but(m365, isDraft=True)),
        "new in Outlook, cancelled": lambda t: t.new_event(but(m365, isCancelled=True)),
        "new in Outlook, one way to Outlook": lambda t: t.new_event(m365, settings={"direction": "to_m365"}),
        "new in Outlook, one way to the CRM": lambda t: t.new_event(m365, settings={"direction": "to_crm"}),
        "new in Outlook, an outsider's": lambda t: t.new_event(but(m365, THEIRS)),
        "new in Outlook, a connected colleague's": lambda t: t.new_event(but(m365, BOBS)),
        "new in Outlook, a connected colleague's, again and again": lambda t: t.new_event(
            but(m365, BOBS), link=Link(id="l", space="a1", kind="activities", m365_id="m", crm_id=None, attempts=9)
        ),
        "new in Outlook, a colleague's who is not connected": lambda t: t.new_event(
            but(m365, THEIRS, organizer=CAT, attendees=(ANN, BOB, DAN))
        ),
        "new in Outlook, everybody invited": lambda t: t.new_event(but(m365, attendees=(BOB, CAT, DAN, GUEST))),
    }
    return found


def _matching() -> dict[str, Situation]:
    crm, m365 = CRM_NOW, but(M365_NOW, subject="VISIT ", attendees=None)
    gaps = but(crm, location=None, description=None, private=None)
    return {
        "matched by time": lambda t: t.new_event(m365, [crm]),
        "matched by time on the first sync": lambda t: t.new_event(m365, [crm], first=True),
        "matched by time, meeting with guests, on the first sync": lambda t: t.new_event(
            M365_NOW, [but(crm, location="Gate", users=("u1", "u3"))], first=True, settings=INVITING
        ),
        "matched, other details": lambda t: t.new_event(m365, [but(crm, CHANGED_CRM, subject="visit",
                                                                   date_start=on(3))]),
        "matched, the CRM has gaps": lambda t: t.new_event(m365, [gaps]),
        "matched, Outlook has gaps": lambda t: t.new_event(but(m365, location=(None,), body=None), [crm]),
        "another time, another subject": lambda t: t.new_event(
            m365, [but(crm, date_start=on(3, "10:30")), but(crm, subject="Visits")]
        ),
        "a colleague's meeting": lambda t: t.new_event(m365, [but(crm, assigned_user_id="u2", users=("u2",))]),
        "a colleague's meeting with the user": lambda t: t.new_event(m365, [but(crm, assigned_user_id="u2")]),
        "assigned to the user alone": lambda t: t.new_event(m365, [but(crm, users=None)]),
        "several match": lambda t: t.new_event(m365, [crm, activity("s", **crm.values)]),
        "the match is taken": lambda t: t.new_event(m365, [crm], ["t"]),
        "an end that differs is no other time": lambda t: t.new_event(m365, [but(crm, date_end=on(3, "12:00"))]),
    }  # fmt: skip


def _copies() -> dict[str, Situation]:
    """A meeting that Bob's mailbox leads, or an outsider's, as Ann's mailbox sees it."""
    crm, bobs = but(CRM_NOW, assigned_user_id="u2"), but(M365_NOW, BOBS)
    led = event("m", **{**M365_NOW.values, "organizer": BOB, "attendees": (ANN, GUEST)})
    alone = event("m", **{**M365_NOW.values, "organizer": BOB, "attendees": None})
    theirs = but(M365_NOW, THEIRS)
    own = but(M365_NOW, attendees=None, iCalUId="own")
    return {
        "a copy of what Bob's mailbox leads": lambda t: t.new_event(bobs, peers=[t.elsewhere(crm, led)]),
        "Ann's own, which Bob's mailbox met first": lambda t: t.new_event(
            M365_NOW, peers=[t.elsewhere(CRM_NOW, but(M365_NOW, THEIRS))]
        ),
        "the copy was edited": lambda t: t.linked(
            crm, but(bobs, subject="Walk"), (crm, bobs), peers=[t.elsewhere(crm, led)], link={"role": "copy"}
        ),
        "the copy's activity was edited": lambda t: t.linked(
            but(crm, subject="Site"), bobs, (crm, bobs), peers=[t.elsewhere(crm, led)], link={"role": "copy"}
        ),
        "a copy whose leader went": lambda t: t.linked(
            crm, but(theirs, subject="Walk"), (crm, theirs), link={"role": "copy"}
        ),
        "an outsider's meeting was edited": lambda t: t.linked(
            CRM_NOW, but(theirs, CHANGED_M365, organizer=GUEST), (CRM_NOW, theirs)
        ),
        "an outsider's meeting was edited in the CRM": lambda t: t.linked(
            but(CRM_NOW, CHANGED_CRM), theirs, (CRM_NOW, theirs), settings=INVITING
        ),
        "an outsider's meeting, people changed": lambda t: t.linked(
            CRM_NOW, but(theirs, attendees=(ANN, CAT, DAN)), (CRM_NOW, theirs)
        ),
        "a copy whose activity was deleted": lambda t: t.linked(
            GONE_CRM, theirs, (CRM_NOW, theirs), link={"role": "copy"}
        ),
        "an outsider's meeting whose activity was deleted": lambda t: t.linked(GONE_CRM, theirs, (CRM_NOW, theirs)),
        "on Bob's meeting, invited": lambda t: t.new_activity(crm, [t.elsewhere(crm, led)]),
        "on Bob's meeting, not invited": lambda t: t.new_activity(crm, [t.elsewhere(crm, alone)], settings=INVITING),
        "on Bob's meeting, which is not made yet": lambda t: t.new_activity(crm),
        "on Cat's meeting, who is not connected": lambda t: t.new_activity(but(crm, assigned_user_id="u3")),
        "an event of one's own, edited in Outlook": lambda t: t.linked(
            crm, but(own, subject="Walk"), (crm, own), peers=[t.elsewhere(crm, alone)], link={"role": "own"}
        ),
        "an event of one's own, edited in the CRM": lambda t: t.linked(
            but(crm, CHANGED_CRM, assigned_user_id="u2"), own, (crm, own), peers=[t.elsewhere(crm, alone)],
            link={"role": "own"}, settings=INVITING,
        ),
        "an event of one's own, and now the invitation": lambda t: t.linked(
            crm, own, (crm, own), peers=[t.elsewhere(crm, led)], link={"role": "own"}
        ),
        "an event of one's own, deleted": lambda t: t.linked(
            crm, GONE_M365, (crm, own), peers=[t.elsewhere(crm, alone)], link={"role": "own"}
        ),
        "an event of one's own, now in charge": lambda t: t.linked(
            but(CRM_NOW, subject="Site"), own, (crm, own), link={"role": "own"}, settings=INVITING
        ),
    }  # fmt: skip


def _going() -> dict[str, Situation]:
    crm, m365 = CRM_NOW, M365_NOW
    agreed, alone = (crm, m365), (crm, but(M365_NOW, attendees=None))
    theirs = but(M365_NOW, THEIRS)
    lonely = but(M365_NOW, THEIRS, attendees=None)
    return {
        "may not be read any more": lambda t: t.linked(Barred(CRM, "Activity", "t"), m365, agreed),
        "became a task": _linked({"activitytype": "Task", "subject": "Site"}, {}),
        "given to a colleague and taken off": _linked({"assigned_user_id": "u2", "users": ("u2",)}, {}),
        "given to a colleague, and on it": _linked({"assigned_user_id": "u2", "subject": "Site"}, {}),
        "given to nobody": _linked({"assigned_user_id": None, "users": None}, {}),
        "became a draft": _linked({}, {"isDraft": True, "subject": "Walk"}),
        "deleted in the CRM": lambda t: t.linked(GONE_CRM, m365, agreed),
        "deleted in the CRM, one way to the CRM": lambda t: t.linked(
            GONE_CRM, m365, agreed, settings={"direction": "to_crm"}
        ),
        "deleted in Outlook, with guests": lambda t: t.linked(crm, GONE_M365, agreed),
        "deleted in Outlook, without guests": lambda t: t.linked(crm, GONE_M365, alone),
        "deleted in Outlook, an outsider's": lambda t: t.linked(crm, GONE_M365, (crm, theirs)),
        "deleted in Outlook, an outsider's without guests": lambda t: t.linked(crm, GONE_M365, (crm, lonely)),
        "deleted in Outlook, one way to the CRM": lambda t: t.linked(
            crm, GONE_M365, alone, settings={"direction": "to_crm"}
        ),
        "deleted in Outlook, made anew with what was noted then": lambda t: t.linked(
            but(crm, description="They were cross"), GONE_M365, alone
        ),
        "deleted on both sides": lambda t: t.linked(GONE_CRM, GONE_M365, agreed),
        "cancelled in Outlook": _linked({}, {"isCancelled": True, "subject": "Canceled: Visit"}),
        "cancelled in Outlook, an outsider's": lambda t: t.linked(crm, but(theirs, isCancelled=True), (crm, theirs)),
    }


def _series() -> dict[str, Situation]:
    crm, m365 = pair(3, GROUP)
    gone, cancelled = Gone(M365, "event", "m", cancelled=True), but(m365, isCancelled=True)
    edited = but(m365, subject="Walk")
    return {
        "an occurrence was cancelled": lambda t: t.occurrences([(crm, cancelled)], (crm, m365), left=2),
        "the whole series was cancelled": lambda t: t.occurrences([(crm, cancelled)] * 2, (crm, m365)),
        "an occurrence went": lambda t: t.occurrences([(crm, gone)], (crm, m365), left=2),
        "an occurrence without guests went": lambda t: t.occurrences(
            [(crm, gone)], (crm, but(m365, attendees=None)), left=2
        ),
        "an occurrence went with its series": lambda t: t.occurrences([(crm, GONE_M365)] * 2, (crm, m365)),
        "an occurrence was edited": lambda t: t.occurrences([(crm, edited)], (crm, m365), left=2),
        "an occurrence was edited in the CRM": lambda t: t.occurrences(
            [(but(crm, subject="Site"), m365)], (crm, m365), left=2
        ),
        "an activity was deleted": lambda t: t.occurrences([(GONE_CRM, m365)], (crm, m365), left=2),
        "an activity was deleted a while ago": lambda t: t.occurrences(
            [(GONE_CRM, m365)], (crm, m365), left=2, waited=True
        ),
        "all activities were deleted": lambda t: t.occurrences([(GONE_CRM, m365)] * 2, (crm, m365)),
        "new in Outlook, an occurrence": lambda t: t.new_event(m365),
    }


_AGREED: Final = (
    "both sides say the same before anybody asks what to make of it, and what opens in the CRM does not travel"
)
_ONLY: Final = "the only choice there is, and what counts where nothing is said"
_ONCE: Final = "both write tidy text, and what travels on the first sync alone is never compared again"
ALIKE: Final[Mapping[str, str]] = {
    "keep confidential while yes: 'keep confidential  while yes' -> ''": _AGREED,
    "keep personal while yes: 'keep personal      while yes' -> ''": _AGREED,
    "occurrence in the window: one activity: 'occurrence in the window:   one activity' -> ''": _ONLY,
    "changed occurrence: change that activity: 'changed occurrence:         change that activity' -> ''": _ONLY,
    "changed activity: change that occurrence: 'changed activity:           change that occurrence' -> ''": _ONLY,
    "deleted series: as deleted in m365: 'deleted series:             as deleted in m365' -> ''": _ONLY,
    "description <-> body as plain_text on first sync: 'plain_text' -> 'phone'": _ONCE,
}
BOOK: Final = Book(
    "activities", RULES, ACTIVITY, EVENT, program, ActivityTable,
    {**_settings(), **_kept_in_step(), **_privacy(), **_times(), **_coming(), **_matching(), **_copies(), **_going(),
     **_series()}, ALIKE,
)  # fmt: skip
