"""T600 to T699: case files."""

from __future__ import annotations

from engine.language.catalogue.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "T600", "A word that cases do not have",
        "A heading is cases, base or case; an entry begins with one of a few words such as crm, changed, deleted or "
        "expect; and what is expected is a write such as “update in crm”, or how the record is left.",
        "  chnaged in crm  nick \"Nan\"", "  changed in crm  nick \"Nan\"",
    ),
    Code(
        "T601", "An entry of a case that goes on in another way",
        "The first word is right and what follows can't follow it. Fields are a name and a value, one after the other; "
        "texts stand in quotes, lists in brackets, parts in parentheses.",
        "  changed crm  nick \"Nan\"", "  changed in crm  nick \"Nan\"",
    ),
    Code(
        "T602", "A field that its record does not have",
        "Fields are called as in rules: those of the CRM on one side, those of Microsoft 365 on the other.",
        "  changed in crm  nikc \"Nan\"", "  changed in crm  nick \"Nan\"",
    ),
    Code(
        "T603", "A value that its field can't hold",
        "A day is written as 2026-11-30, a time as 2026-11-30 14:15 by the clocks of the case's zone, a box as yes or "
        "no, users by their names, everything else in quotes. What is empty is written as empty.",
        "  changed in crm  born \"last year\"", "  changed in crm  born 2025-03-01",
    ),
    Code(
        "T604", "A setting, or a value of one, that the rules do not have",
        "Settings are those at the top of the rule file that the cases are about, with the values that stand there.",
        "  setting  ways crm", "  setting  ways to_crm",
    ),
    Code(
        "T605", "A base that is not there",
        "What a case is like stands above it under the heading base, and has a name of one word.",
        "  like anne", "  like ann",
    ),
    Code(
        "T606", "A name that is taken",
        "Cases are told apart by their names, in what `tandem test` says and in `-k`; bases too. And a case file "
        "is about one rule file.",
        "case \"nothing changed\"\n  like ann\n  expect nothing\n\ncase \"nothing changed\"",
        "case \"nothing changed\"\n  like ann\n  expect nothing\n\ncase \"nothing changed, again\"",
    ),
    Code(
        "T607", "A case that lacks something",
        "A case needs a clock, a user, at least one record, and something it expects. The clock and the user are best "
        "said once, under the heading cases.",
        "  like ann\n  deleted in m365\n", "  like ann\n  deleted in m365\n  expect ?\n",
    ),
    Code(
        "T608", "Cases that are about no rules",
        "A case file begins with “language 1” and “cases NAME”, where NAME.rules is a file of the same rule folder.",
        "cases peopel", "cases people",
    ),
    Code(
        "T609", "A case that contradicts itself",
        "A record that was deleted, or can't be read, was not changed as well; and what was never agreed can't have "
        "changed since.",
        "  deleted in crm\n  changed in crm  nick \"Nan\"\n", "  deleted in crm\n",
    ),
)  # fmt: skip
