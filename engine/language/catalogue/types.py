"""T300 to T399: types, lenses and arrows."""

from __future__ import annotations

from engine.language.catalogue.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "T301",
        "No translation between two types",
        "Each map line joins fields of one kind, or names with “as” what turns one into the other. "
        "Without it nothing says how, for example, a reference becomes text.",
        "firm     <->  employer",
        "firm     <->  employer         as company_by_name",
    ),
    Code(
        "T302",
        "Unknown translation",
        "After “as” stands the name of a translate section of this file, or of a translation that Tandem brings along.",
        "as compny_by_name",
        "as company_by_name",
    ),
    Code(
        "T303",
        "Translation that does not fit",
        "A translation works between certain kinds of fields, and a translate section between the two "
        "fields that its heading names.",
        "tag      <->  keyword          as postal_address",
        "tag      <->  keyword",
    ),
    Code(
        "T304",
        "Arrow that promises too much",
        "“<->” promises that a value comes back as it went. Between lists of choices that differ some "
        "values have no counterpart, so a translate section must say what becomes of them.",
        "rank     <->  colour",
        "rank     <->  level",
    ),
    Code(
        "T305",
        "Map line without a field",
        "At least one end of a map line is a field; the other may be a field, the user, today, a setting "
        "or a constant.",
        'user      ->  "team"',
        '"team"    ->  keyword',
    ),
    Code(
        "T306",
        "Arrow that points away from the only field",
        "The user, today, settings and constants can only be read. The arrow of such a line points to its field.",
        "owner    <->  user",
        "owner    <-   user",
    ),
    Code(
        "T307",
        "Value that the field can not hold",
        "What a line writes must be a value of the field: yes or no for a tick box, one of its choices "
        "for a choice, the user for a field of users.",
        "wanted   <-   user",
        "wanted   <-   yes",
    ),
    Code(
        "T308",
        "Timing that makes no sense here",
        "Today changes every day, so a line that writes it does so only when the record is made. “on "
        "first sync” compares two fields, so it needs two.",
        "born     <-   today",
        "born     <-   today            on create",
    ),
    Code(
        "T309",
        "Part of a field",
        "A reference is mapped as a whole, a list as a whole or by its places: mails[1].value. Only what has several "
        "parts by nature is mapped by them: extras.text.",
        "firm.name  ->  employer",
        "firm       ->  employer       as company_by_name",
    ),
    Code(
        "T310",
        "Field that can not be written",
        "Some fields are computed by their own system, such as numbers and names made of others. They can "
        "be read, but the arrow must not point to them.",
        "serial   <-   keyword",
        "serial    ->  keyword",
    ),
    Code(
        "T311",
        "Places of a list that do not fit together",
        "Places of a list are mapped from the first on, without gaps, by the same part, and not beside "
        "the list as a whole; otherwise a value would have two homes or none.",
        "numbers[2]",
        "numbers[1]",
    ),
    Code(
        "T312",
        "Two lines that write one field",
        "When two lines without “when” write the same field, the second one would never have a say.",
        "nick     <-   keyword",
        "tag      <-   keyword",
    ),
    Code(
        "T313",
        "Time of day that is missing, or of no use",
        "A day in Microsoft 365 becomes a date and time in the CRM, and “at” names the setting that says the time. No "
        "other lines have a use for it.",
        "tag      <->  keyword          at setting.start",
        "met      <-   seen             as day, at setting.start",
    ),
    Code(
        "T314",
        "“keep others” without a list",
        "“keep others” leaves those elements of a list alone that the other side can't hold. It belongs to lines that "
        "join two lists element by element.",
        "tag      <->  keyword          keep others",
        "tag      <->  keyword",
    ),
    Code(
        "T315",
        "Field that can not be added",
        "“with” adds one value of the same kind to the list that a line reads. What comes back can't be taken apart "
        "again, so such a line has one arrow.",
        "with born",
        "with owner",
    ),
    Code(
        "T316",
        "“always” in the wrong place",
        "A line with “always” writes whenever its two fields differ, whichever of them was changed. So it has two "
        "fields, one arrow, and no other time at which it acts.",
        "tag      <->  keyword          always",
        "tag       ->  keyword          always",
    ),
    Code(
        "T317",
        "“sticky” in the wrong place",
        "“sticky” lets one value spread from either side and stay on each. That is told by comparing two fields at "
        "every sync, so the line has two fields, no lists, and no other time at which it acts.",
        "wanted   <-   yes              sticky yes, on create",
        "wanted   <-   yes              on create",
    ),
    Code(
        "T318",
        "Sticky value that never comes",
        "The value that sticks is one that the CRM's field can hold.",
        "tag      <->  keyword          sticky 7",
        'tag      <->  keyword          sticky "urgent"',
    ),
    Code(
        "T319",
        "“else user” in the wrong place",
        "“else user” names the user of a new record where the field that is read names nobody whom the lens finds. It "
        "stands on lines from a field of Microsoft 365 into one user of the CRM, on create; later it would overwrite "
        "whom people chose.",
        "owner    <-   user             else user, on create",
        "owner    <-   user             on create",
    ),
    Code(
        "T320",
        "No condition",
        "Only tick boxes, yes-or-no settings and defines are true or false by themselves. Everything else "
        "is compared with something.",
        "needs crm.points",
        "needs crm.wanted",
    ),
    Code(
        "T321",
        "List compared like one value",
        "A list holds several values, so it is never equal to one. Name one of its places, or ask whether "
        "a value is in it.",
        'crm.boxes is "Home"',
        'crm.boxes[1] is "Home"',
    ),
    Code(
        "T322",
        "Values that are never equal",
        "Values of different kinds, such as a number and a tick box, are never equal, so the condition "
        "would always be false.",
        "crm.rank is crm.wanted",
        'crm.rank is "gold"',
    ),
    Code(
        "T323",
        "No list",
        "“in” looks for a value in a list field, a list setting or a list written in brackets; “shares "
        "any with” compares two lists.",
        "crm.nick in crm.tag",
        "crm.nick is crm.tag",
    ),
    Code(
        "T324",
        "No date",
        "“before”, “after”, “from … to” and “falls on” compare dates and times, and windows are made of them.",
        "crm.nick before now",
        "crm.met before now",
    ),
    Code(
        "T325",
        "Permission in the wrong place",
        "Whether the user may read a record is known before anything in it. It is asked once, in an entry "
        "of its own under scope, without other conditions.",
        "when user may read crm",
        "when recent",
    ),
    Code(
        "T326",
        "Connected, but nobody",
        "“is connected” asks whether a person has connected a Microsoft 365 account, so it is asked of users, accounts "
        "and e-mail addresses.",
        "crm.nick is connected",
        "crm.owner is connected",
    ),
    Code(
        "T327",
        "Guests that would be dropped",
        "A meeting's list of guests is written whole, and Microsoft sends a cancellation to everyone who is missing in "
        "it. A line that writes it keeps the guests whom the CRM does not know.",
        "fans      ->  guests           as account_addresses\n",
        "fans      ->  guests           as account_addresses, keep others\n",
    ),
)
