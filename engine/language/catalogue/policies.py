"""T500 to T549: sections and entries that are missing, and files that contradict each other."""

from __future__ import annotations

from engine.language.catalogue.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "T500", "A section is missing",
        "Every file says which way records travel, how they are recognised, what is mapped, what becomes of new and "
        "deleted records, and who wins. Tandem assumes none of it.",
        "\nscope\n", "\ndirection\n  follow setting.direction\n\nscope\n",
    ),
    Code(
        "T501", "A case without an answer",
        "Some cases come up with every kind of record: several records match, a match is taken, one side is empty, a "
        "record lies outside the window or has no date. The rules answer each of them.",
        "  outside:   leave alone\n\n", "  outside:   leave alone\n  undated:   sync\n\n",
    ),
    Code(
        "T502", "Two files for the same records",
        "Two files that keep the same pair of record kinds in step, or that carry the same name, would undo each "
        "other's work.",
        "sync people: crm.Person <-> m365.person", "sync cards: crm.Person <-> m365.card",
    ),
    Code(
        "T503", "Copies, series and cancellations of other records",
        "Meetings have a copy in every mailbox, repeat, and can be cancelled. Other records stand for themselves: they "
        "are there or deleted.",
        "  cancelled in m365:   stop syncing\n  deleted in crm:", "  deleted in crm:",
    ),
)  # fmt: skip
