"""T550 to T599: rules that can't act or never end a question."""

from __future__ import annotations

from engine.language.catalogue.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "T550",
        "Entry that never acts",
        "Entries of one question are asked from top to bottom, and the first that fits answers. This one "
        "never gets to answer, whatever the settings are.",
        "deleted in crm:    delete in m365\n  deleted in crm:    stop syncing     when crm.wanted",
        "deleted in crm:    stop syncing     when crm.wanted\n  deleted in crm:    delete in m365   otherwise",
    ),
    Code(
        "T551",
        "Second window of one side",
        "A side has one window, over one date, so that everybody can tell when a record comes in and goes out.",
        "crm.born   from",
        "m365.since   from",
    ),
    Code(
        "T552",
        "“newest” without a time",
        "“newest wins” compares when the two records were changed. A system that does not record it can not take part.",
        "newest wins:   when setting.winner is m365   tie crm",
        "m365 wins:   when setting.winner is m365",
    ),
    Code(
        "T553",
        "Setting that is not used",
        "A setting that no rule reads would be offered to people and change nothing.",
        "crm wins:    always",
        "crm wins:    when setting.winner is crm\n  m365 wins:   otherwise",
    ),
    Code(
        "T554",
        "Comparison that can not be looked up",
        "Matching finds records by values that both sides hold. Between the two sides only “is”, “in” "
        "and “falls on” can be looked up; tests of one side alone are free.",
        "crm.met before m365.seen",
        "crm.mail in m365.mails.value",
    ),
    Code(
        "T555",
        "Match without a comparison of the sides",
        "An entry that only looks at one side would match every record of the other one.",
        "by mail:      crm.wanted",
        "by mail:      crm.mail in m365.mails.value",
    ),
    Code(
        "T556",
        "Field that can not be searched",
        "The CRM finds records by a few fields only, such as names and e-mail addresses. Matching uses these.",
        "crm.tag is m365.keyword",
        "crm.nick is m365.pseudonym",
    ),
    Code(
        "T557",
        "Too many alternatives",
        "A match entry is taken apart into all the ways in which it can hold, and each is looked up by "
        "itself. Beyond 64 it would be slow, and nobody could follow it.",
        "close and close and close and close and close and close and close",
        "crm.mail in m365.mails.value",
    ),
    Code(
        "T558",
        "Alternatives that can not be told apart",
        "Two alternatives of one entry that compare the same fields of the CRM are looked up by the same "
        "values, so they must ask for the same besides.",
        "by mail:      asking or plain",
        "by mail:      asking\n  by again:     plain",
    ),
    Code(
        "T559",
        "Reason without an answer",
        "Each reason that scope gives has an entry under leaving scope that says what becomes of a pair "
        "which leaves for it, whatever the settings are.",
        '"not wanted":      stop syncing   when setting.winner is crm',
        '"not wanted":      stop syncing',
    ),
    Code(
        "T560",
        "Event without an answer",
        "For records that are created or deleted on either side the rules always say what to do, whatever "
        "the settings are.",
        "created in crm:    create in m365   when crm.wanted",
        "created in crm:    create in m365   when crm.wanted\n  created in crm:    leave alone      otherwise",
    ),
    Code(
        "T561",
        "First agreement without a winner",
        "Where two records meet for the first time and both hold a value, some entry must always say "
        "whose value counts.",
        "crm wins:         when setting.winner is crm",
        "crm wins:         always",
    ),
    Code(
        "T562",
        "Conflict without a winner",
        "When both sides changed the same thing, some entry must always say whose change counts: one with "
        "“always”, or one for each choice of a setting.",
        "m365 wins:   when setting.mine_only and setting.winner is m365",
        "m365 wins:   when setting.winner is m365",
    ),
    Code(
        "T563",
        "Answer without a reason",
        "An entry under leaving scope answers a reason that some entry of scope gives, letter by letter. A reason "
        "that none gives never comes, so the entry would never act.",
        '"not wanted":      stop syncing\n  "not wished for":  stop syncing',
        '"not wanted":      stop syncing',
    ),
    Code(
        "T564",
        "Line over a field that may not have been fetched",
        "What was not fetched must not look as if it were empty. So a line over a field that takes a request of its "
        "own says that it acts only when it was made.",
        "tag      <->  extras.text\n",
        "tag      <->  extras.text      when m365.extras is fetched\n",
    ),
    Code(
        "T565",
        "Field that nobody fetches",
        "Some fields of Microsoft 365 take a request of their own for every record. They are read only when an entry "
        "of the section fetch says so.",
        "map\n  tag      <->  extras.text      when m365.extras is fetched\n",
        "fetch\n  m365.extras   only when recent\n\n"
        "map\n  tag      <->  extras.text      when m365.extras is fetched\n",
    ),
    Code(
        "T566",
        "Field that is fetched for nothing",
        "Requests cost time, so an entry of the section fetch serves a map line or a condition.",
        "fetch\n  m365.extras   only when recent\n\nmap\n",
        "map\n",
    ),
    Code(
        "T567",
        "Two copies that lead",
        "Of all copies of one meeting one is read and written, and it is told by the copy alone. A copy that is only "
        "read, because nobody here organises the meeting, is never written: its organiser's calendar would undo it.",
        "write to:      the copy where m365.hidden",
        "write to:      the copy where m365.hosted",
    ),
)
