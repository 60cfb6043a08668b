"""T900 to T999: lawful words whose behaviour is not built yet. Nothing is read and then ignored."""

from __future__ import annotations

from engine.language.catalogue.code import Code


def _later(code: str, title: str, meaning: str, wrong: str, right: str) -> Code:
    return Code(code, f"{title}: not built yet", f"{meaning} The words are lawful; this Tandem can't act on them.",
                wrong, right)  # fmt: skip


CODES: tuple[Code, ...] = (
    _later(
        "T915", "Moving records", "A field that says where a record lives is set when the record is made; a later "
        "change would be a move.",
        "  boxes    <->  box              as first_folder",
        "  boxes     ->  box              as first_folder   on create",
    ),
)  # fmt: skip
