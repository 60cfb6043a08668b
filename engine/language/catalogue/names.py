"""T200 to T299: names."""

from __future__ import annotations

from engine.language.catalogue.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "T201", "An unknown field",
        "The record has no field of this name. Field names are those of the two systems; capitals count.",
        "  nick     <->  pseudonim", "  nick     <->  pseudonym",
    ),
    Code(
        "T202", "An unknown setting",
        "Settings are declared in the settings section of the same file, and named with setting. in front.",
        "  follow setting.directoin", "  follow setting.direction",
    ),
    Code(
        "T203", "An unknown condition",
        "A bare word in a condition is the name of a define. Fields have crm. or m365. in front, settings have "
        "setting. in front.",
        "  note     <->  remarks          when recnet", "  note     <->  remarks          when recent",
    ),
    Code(
        "T204", "An unknown kind of record",
        "Kinds are written with their side: crm.Contact, m365.contact. Capitals count.",
        "list of crm.box", "list of crm.Box",
    ),
    Code(
        "T205", "A define that refers to itself",
        "A define stands for the condition that is written behind it. One that leads back to itself, directly or "
        "through others, stands for nothing.",
        "  mine     crm.owner is user and asked", "  mine     crm.owner is user",
    ),
    Code(
        "T206", "A condition that is too large",
        "Defines are put in where they are used. Defines that use each other many times grow into conditions that "
        "nobody can read and that take long to check; there is a limit to parts and to levels.",
        "  mine     owned\n  owned    own\n  own      held\n  held     crm.owner is user",
        "  mine     crm.owner is user",
    ),
    Code(
        "T207", "A value that can't occur",
        "This field or setting has a closed list of values, and this is none of them. The condition would never "
        "hold, or the line would never act.",
        "when setting.winner is m356", "when setting.winner is m365",
    ),
    Code(
        "T208", "A field without its side",
        "In a condition every field says which side it is on, crm. or m365. Only the ends of a map line need not, "
        "since left is always the CRM and right always Microsoft 365.",
        "  crm   needs boxes[1] in setting.boxes", "  crm   needs crm.boxes[1] in setting.boxes",
    ),
    Code(
        "T209", "A part of the user",
        "user is the CRM user whose Microsoft 365 account is being synced. It is compared as a whole with fields that "
        "hold users.",
        "  mine     crm.owner is user.id", "  mine     crm.owner is user",
    ),
    Code(
        "T210", "A place that is not there",
        "A number in square brackets is a place in a list, counted from 1. Some lists hold only so many values, and "
        "what is no list has no places.",
        "  mail     <->  mails[4].value", "  mail     <->  mails[1].value",
    ),
    Code(
        "T211", "A define that is compared",
        "A define is a condition: it holds or it does not. It stands alone, or with not, and, or.",
        "  asked    mine when setting.mine_only is mine, else recent",
        "  asked    mine when setting.mine_only, else recent",
    ),
    Code(
        "T212", "A word that is no value",
        "A bare word is a value only where there is a closed list of values to choose from. Other texts stand in "
        "quotes.",
        "  recent   crm.nick is Anna", '  recent   crm.nick is "Anna"',
    ),
    Code(
        "T213", "A value alone as a condition",
        "A text or a number by itself neither holds nor fails. Something must be compared with it.",
        '  mine     "anna"', "  mine     crm.owner is user",
    ),
    Code(
        "T214", "Not a field with a time",
        "before, after, from … to and windows look at the date or time of a record, and what they compare with is a "
        "field too, or now, or today.",
        "  recent   crm.met before setting.winner", "  recent   crm.met from 2 months before now to 1 year after now",
    ),
    Code(
        "T215", "A duration beyond a hundred years",
        "Such a duration is a typing mistake, and calendars end somewhere.",
        "  recent   crm.met from 2000 months before now to 1 year after now",
        "  recent   crm.met from 2 months before now to 1 year after now",
    ),
    Code(
        "T216", "The wrong side of the arrow",
        "Left of an arrow always stands the CRM, right of it always Microsoft 365, whichever way the arrow points.",
        "sync people: m365.person <-> crm.Person", "sync people: crm.Person <-> m365.person",
    ),
    Code(
        "T217", "A default that the setting can't have",
        "The default is one of the choices; everything or none for a list; none for a single record; a time such as "
        "09:00; a duration such as 2 weeks.",
        "  winner      crm | m365                      default newest",
        "  winner      crm | m365                      default crm",
    ),
    Code(
        "T218", "An entry that stands twice",
        "Entries are known by what they are about, in plans, messages and the audit trail. Two of one section that "
        "are about the same can't be told apart, and the second adds nothing.",
        "  recent   crm.met from 2 months before now to 1 year after now\n  recent   crm.wanted",
        "  recent   crm.met from 2 months before now to 1 year after now",
    ),
    Code(
        "T219", "Nobody who can set it",
        "Settings are set by the organisation (org), by each user (user), or by both.",
        "default crm          set by admin", "default crm          set by org",
    ),
    Code(
        "T220", "narrowest wins on something that is no direction",
        "“narrowest wins” joins what the organisation and the user chose into what both allow. That is defined for "
        "directions: both, to_m365, to_crm and off.",
        "default crm          set by org   narrowest wins", "default crm          set by org",
    ),
    Code(
        "T221", "Not a direction",
        "The direction follows a setting whose choices are directions: both, to_m365, to_crm, off, or some of them.",
        "  follow setting.winner", "  follow setting.direction",
    ),
    Code(
        "T222", "A tie in the wrong place, or none",
        "“newest wins” compares when the two records were changed. Where the times are equal or too close, “tie” says "
        "who wins. Other lines need no tie.",
        "  m365 wins:   when setting.winner is m365   tie crm", "  m365 wins:   when setting.winner is m365",
    ),
    Code(
        "T223", "Words that can't be said here",
        "What can happen, and what can be done about it, are fixed words. The message lists those of this place.",
        '  "not wanted":      stop sinking', '  "not wanted":      stop syncing',
    ),
    Code(
        "T224", "A table over another record",
        "A translate section names its two fields in full, and they belong to the two kinds of record that the file "
        "keeps in step.",
        "translate medal: crm.Box.rank <-> m365.person.colour",
        "translate medal: crm.Person.rank <-> m365.person.colour",
    ),
    Code(
        "T225", "Said twice on one line",
        "A map line has one lens and one time at which it acts.",
        "  owner    <-   user             on create, on create", "  owner    <-   user             on create",
    ),
    Code(
        "T226", "A field that is not fetched apart",
        "The section fetch says when it is worth a request of its own to read something. That is so for a few fields "
        "of Microsoft 365 only; all others come with their record.",
        "  m365.keyword   only when recent", "  m365.extras    only when recent",
    ),
    Code(
        "T227", "at without a time of day",
        "“at” puts a time of day to a day, so what follows it is a setting whose values are times of day.",
        "at setting.winner", "at setting.start",
    ),
    Code(
        "T228", "with without a field",
        "“with” adds the value of a second field to the list that a line reads. The user, settings and constants can't "
        "be added.",
        "with setting.winner", "with owner",
    ),
    Code(
        "T229", "A field that copies can't go by",
        "Copies of one meeting belong together by the one field that is the same in all of them, and a meeting from "
        "the CRM is made in the calendar of the one user whom a field of the CRM names.",
        "same record:   m365.stamp", "same record:   m365.code",
    ),
)  # fmt: skip
