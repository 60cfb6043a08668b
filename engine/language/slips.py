"""What is wrong with an entry that does not parse, in plain words: one message for each slip."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Set
from typing import Final

from lark import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from msgspec import Struct

from engine.language.diagnostics import Problems, Span
from engine.language.forms import WITH_ARROWS, Form
from engine.language.source import RawEntry

_NAME = "a name"
_ARROW = "an arrow (<->, -> or <-)"

_PLAIN: Final[Mapping[str, str]] = {
    "BOTH": _ARROW, "TO_M365": _ARROW, "TO_CRM": _ARROW, "COLON": "a colon", "COMMA": "a comma", "BAR": "“|”",
    "LSQB": "a list in [ ]", "RSQB": "“]”", "DURATION": "a duration such as “2 months”",
    "CLOCK": "a time such as 09:00",
    "INT": "a number", "STRING": "a text in quotes", "PATH": "a field such as crm.name", "NAME": _NAME,
    "PHRASE": "what to do", "CRM": "“crm”", "M365": "“m365”", "$END": "the end of the entry",
}  # fmt: skip
"""Terminals that are not keywords, as people call them. Keywords are shown as they are written."""


class Slip(Struct, frozen=True):
    """A failed parse of ``raw`` from the start rule of ``form``, for the reporting functions."""

    raw: RawEntry
    form: Form
    problems: Problems

    def report(self, code: str, at: int, end: int, message: str, hint: str) -> None:
        """Record a problem about the stretch ``at`` to ``end`` of the raw text, as far as it is on one line."""
        text = self.raw.text
        line = text.count("\n", 0, at)
        column = at - text.rfind("\n", 0, at)
        stop = text.find("\n", at)
        length = min(end, stop if stop >= 0 else len(text)) - at
        span = Span(self.raw.span.file, self.raw.line + line, column, column + max(1, length))
        self.problems.add(code, span, message, hint)


# ---- slips that are seen before parsing ---------------------------------------------------------------------------

_QUOTED = re.compile(r'"[^"\n]*"')
_WRONG_QUOTES = re.compile(r"[“”„‟‘’‚‛«»`´'＂]")
_ARROW_LIKE = re.compile(r"[<>=~\u2010-\u2015\u2190-\u21ff\u27f0-\u27ff\u2212-]+(?: +[<>=~\u2010-\u2015\u2212-]+)*")
_HEADS_LEFT = re.compile(r"[<←↔⇐⇔⟵⟷⟸⟺]")
_HEADS_RIGHT = re.compile(r"[>→↔⇒⇔⟶⟷⟹⟺]")


def before_parsing(slip: Slip) -> bool:
    """Report quotation marks of the wrong kind or a wrong arrow; True when one was found."""
    bare = _QUOTED.sub(lambda match: '"' + "_" * (len(match.group()) - 2) + '"', slip.raw.text)
    quote = _WRONG_QUOTES.search(bare)
    if quote is not None:
        slip.report(
            "T126", quote.start(), quote.end(), f"{quote.group()} is not the quotation mark that rules use.",
            'Put texts between straight double quotes: "like this".',
        )  # fmt: skip
        return True
    arrow = _ARROW_LIKE.search(bare) if slip.form.rule in WITH_ARROWS else None
    if arrow is None or arrow.group() in ("<->", "->", "<-"):
        return False
    meant = _meant_arrow(arrow.group(), slip.form.rule)
    hint = f"Write {meant}." if meant else "Write <-> (both ways), -> (to Microsoft 365) or <- (to the CRM)."
    slip.report("T122", arrow.start(), arrow.end(), f"{arrow.group()} is not an arrow of the rule language.", hint)
    return True


def _meant_arrow(written: str, rule: str) -> str | None:
    left, right = _HEADS_LEFT.search(written) is not None, _HEADS_RIGHT.search(written) is not None
    if rule in ("h_sync", "h_translate") or (left and right):
        return "<->"
    if left or right:
        return "<-" if left else "->"
    return None


# ---- slips that stop the parser -----------------------------------------------------------------------------------

_SIGNS: Final[Mapping[str, str]] = {
    "==": "is", "=": "is", "!=": "is not", "<>": "is not", "&&": "and", "&": "and", "||": "or", "!": "not",
    "<=": "before", ">=": "after", "<": "before", ">": "after", "=<": "before", "=>": "after", "≠": "is not",
}  # fmt: skip
_SIGN = re.compile(r"[=!<>&|≠]+")
_WORD = re.compile(r"[^\s,:\"()\[\]|=<>!&]+(?:\[[0-9]*\])?|\"[^\"\n]*\"|.")


def explain(slip: Slip, error: UnexpectedInput, keywords: Mapping[str, str]) -> None:
    """Report why parsing stopped. ``keywords`` maps keyword terminals to how they are written."""
    text = slip.raw.text
    accepted = _accepted(error)
    at = _position(error, text)
    if at >= len(text.rstrip()):
        end = len(text.rstrip())
        wanted = _wanted(accepted, keywords)
        hint = f"It should read: {slip.form.reads}"
        slip.report("T121", max(0, end - 1), end, f"This ends too early; missing: {wanted}.", hint)
        return
    word = _WORD.match(text, at)
    found = word.group() if word else text[at]
    end = at + len(found)
    sign = _SIGN.match(text, at)
    if found in ("(", ")"):
        slip.report("T124", at, at + 1, "Conditions have no parentheses.",
                    "Give the part a name under define and write the name here.")  # fmt: skip
    elif sign is not None and sign.group() in _SIGNS and slip.form.rule != "e_settings":
        slip.report("T125", at, sign.end(), f"Conditions are written in words, not with {sign.group()}.",
                    f"Write “{_SIGNS[sign.group()]}” in its place.")  # fmt: skip
    elif (found == "and" and "OR" in accepted) or (found == "or" and "AND" in accepted):
        slip.report("T123", at, end, "“and” and “or” are mixed here, which can be read in two ways.",
                    "Give one part a name under define and write the name here.")  # fmt: skip
    else:
        hint = _hint(slip, at, accepted, keywords)
        slip.report("T120", at, end, f"{_shown(found)} can't stand here; wanted: {_wanted(accepted, keywords)}.", hint)


def _accepted(error: UnexpectedInput) -> Set[str]:
    if isinstance(error, UnexpectedToken):
        return set(error.accepts or error.expected)
    if isinstance(error, UnexpectedCharacters):
        return set(error.allowed or ())
    return set()


def _position(error: UnexpectedInput, text: str) -> int:
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return len(text)
    position = error.pos_in_stream
    return len(text) if position is None else position


def _wanted(accepted: Set[str], keywords: Mapping[str, str]) -> str:
    """The accepted terminals in plain words: ``“when”, a text in quotes or the end of the entry``."""
    said: list[str] = []
    if {"PATH", "NAME"} <= accepted:
        said.append("a field, a setting or a value")
        accepted = accepted - {"PATH", "NAME", "STRING", "INT", "USER", "LSQB"}
    for name in sorted(accepted - {"BLANK"}, key=lambda n: (n == "$END", n not in keywords, n)):
        plain = _PLAIN.get(name) or (f"“{keywords[name]}”" if name in keywords else "")
        if plain and plain not in said:
            said.append(plain)
    if len(said) < 2:
        return said[0] if said else "something else"
    return f"{', '.join(said[:-1])} or {said[-1]}"


def _hint(slip: Slip, at: int, accepted: Set[str], keywords: Mapping[str, str]) -> str:
    text = slip.raw.text
    meant = _meant_keyword(text[at:], [keywords[name] for name in sorted(accepted) if name in keywords])
    if meant:
        return f"Did you mean “{meant}”?"
    start = text.rfind("\n", 0, at) + 1
    if start and not text[start:at].strip():
        return "This line is indented deeper, so it continues the entry above; indent it like the others to start anew."
    return f"It should read: {slip.form.reads}"


def _meant_keyword(rest: str, possible: Collection[str]) -> str | None:
    """The keyword that the next words come close to."""
    following = rest.split(maxsplit=5)[:4]
    best: tuple[float, str] | None = None
    for keyword in possible:
        written = " ".join(following[: keyword.count(" ") + 1]).rstrip(":,")
        ratio = difflib.SequenceMatcher(None, written.casefold(), keyword).ratio()
        if ratio >= 0.7 and (best is None or ratio > best[0]):
            best = (ratio, keyword)
    return best[1] if best else None


def _shown(found: str) -> str:
    text = found if len(found) <= 40 else found[:39] + "…"
    return text if text.startswith('"') else f"“{text}”"
