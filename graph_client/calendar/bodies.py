"""Bodies of events: HTML as text, and back, with the block that lets people join online kept as it is.

Whoever replaces the body without that block makes the meeting one that nobody can join.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from graph_client.answers import Json
from graph_client.calendar.markup import BLOCKS, Node, parse

_JOIN: Final = re.compile(r"https://teams\.(microsoft|live)\.com/(l/meetup-join|meet)/", re.IGNORECASE)
_RULE: Final = re.compile(r"[\s_]*_{20,}[\s_]*")
_SILENT: Final = frozenset({"head", "style", "script", "title", "template"})
_SPACES: Final = re.compile(r"[ \t\r\n\f]+")
_ODD: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f\xa0]")
_MARK: Final = "me-email"


@dataclass(frozen=True, slots=True)
class Body:
    """A body taken apart: the words that people wrote, and the source of the block to join by ('' where there is
    none)."""

    text: str
    block: str = ""


def read_body(raw: Json, join_url: str = "") -> Body:
    """The ``body`` of an event; ``join_url`` is what its ``onlineMeeting`` says. Anything unexpected is empty."""
    members: Mapping[str, Json] = raw if isinstance(raw, dict) else {}
    content = members.get("content")
    if not isinstance(content, str) or not content:
        return Body("")
    if str(members.get("contentType")).lower() != "html":
        return _plain(content, join_url)
    return _html(content, join_url)


@lru_cache(maxsize=16)
def _html(content: str, join_url: str) -> Body:
    """The occurrences of a series come one after the other, and all show the same notes."""
    root = parse(content)
    block = _block(root, join_url)
    text = _text(root, {id(node) for node in block})
    source = content[block[0].start : max(node.end for node in block)] if block else ""
    return Body(text, source)


def written_body(text: str, block: str) -> dict[str, Json]:
    """The ``body`` to send for a text, with the block after it."""
    lines = "<br>".join(_spaced(html.escape(line, quote=False)) for line in tidy(text).split("\n"))
    return {"contentType": "html", "content": f"<html><body><div>{lines}</div>{block}</body></html>"}


def tidy(text: str) -> str:
    """Text as it is compared: lines end in a line feed alone, without blanks at their ends or empty ones around;
    control characters and hard blanks count as blanks."""
    lines = [_ODD.sub(" ", line).rstrip(" ") for line in re.split("\r\n|\r|\n", text)]
    return "\n".join(lines).strip("\n")


def _spaced(line: str) -> str:
    """Blanks that HTML would swallow are kept as hard ones."""
    line = re.sub("^ ", "\xa0", line)
    return re.sub("  +", lambda run: "\xa0" * (len(run[0]) - 1) + " ", line).replace("\xa0", "&nbsp;")


# ---- the block to join by --------------------------------------------------------------------------------------


def _block(root: Node, join_url: str) -> Sequence[Node]:
    """The neighbouring nodes that make up the block, in order; none where nothing leads to a meeting."""
    anchor = next((node for node in root.within() if node.tag == "a" and _joins(node.href, join_url)), None)
    if anchor is None:
        return ()
    core = _outermost_marked(anchor) or _nearest_block(anchor)
    if core is None:
        return _between_rules(anchor)
    siblings = core.parent.children if core.parent else [core]
    first = last = next(index for index, node in enumerate(siblings) if node is core)
    while (before := _rule_before(siblings, first)) is not None:
        first = before
    while (after := _rule_after(siblings, last)) is not None:
        last = after
    return siblings[first : last + 1]


def _joins(href: str, join_url: str) -> bool:
    return bool(_JOIN.match(href)) or (bool(join_url) and href == join_url)


def _outermost_marked(node: Node) -> Node | None:
    """Outlook marks what Teams puts in by its classes; what it quotes gets a prefix."""
    found, at = None, node.parent
    while at is not None:
        if any(_MARK in name for name in at.classes):
            found = at
        at = at.parent
    return found


def _nearest_block(node: Node) -> Node | None:
    at = node.parent
    while at is not None and at.tag not in BLOCKS:
        at = at.parent
    return at if at is not None and at.tag not in ("body", "html") else None


def _between_rules(anchor: Node) -> Sequence[Node]:
    """A link that stands in the body itself: all between the rules around it, or the link alone."""
    node = anchor
    while node.parent is not None and node.parent.tag not in ("", "body", "html"):
        node = node.parent
    siblings = node.parent.children if node.parent else [node]
    here = next(index for index, one in enumerate(siblings) if one is node)
    before = [index for index in range(here) if _is_rule(siblings[index])]
    after = [index for index in range(here + 1, len(siblings)) if _is_rule(siblings[index])]
    return siblings[before[-1] : after[0] + 1] if before and after else [node]


def _rule_before(siblings: Sequence[Node], index: int) -> int | None:
    at = index - 1
    while at >= 0 and _is_blank(siblings[at]):
        at -= 1
    return at if at >= 0 and _is_rule(siblings[at]) else None


def _rule_after(siblings: Sequence[Node], index: int) -> int | None:
    at = index + 1
    while at < len(siblings) and _is_blank(siblings[at]):
        at += 1
    return at if at < len(siblings) and _is_rule(siblings[at]) else None


def _is_blank(node: Node) -> bool:
    return node.tag == "br" or (not node.tag and not node.text.strip())


def _is_rule(node: Node) -> bool:
    """A line drawn across the page."""
    return node.tag == "hr" or bool(_RULE.fullmatch("".join(one.text for one in node.within())))


def _plain(content: str, join_url: str) -> Body:
    """A body of plain text: the block lies between two lines of underscores around the address."""
    lines = content.splitlines()
    here = next((n for n, line in enumerate(lines) if _JOIN.search(line) or (join_url and join_url in line)), None)
    if here is None:
        return Body(tidy(content))
    before = next((n for n in range(here, -1, -1) if _RULE.fullmatch(lines[n])), here)
    after = next((n for n in range(here, len(lines)) if _RULE.fullmatch(lines[n])), here)
    block = "<div>" + "<br>".join(html.escape(line) for line in lines[before : after + 1]) + "</div>"
    return Body(tidy("\n".join(lines[:before] + lines[after + 1 :])), block)


# ---- text ------------------------------------------------------------------------------------------------------


def _text(root: Node, left_out: set[int]) -> str:
    """What a reader sees, line by line."""
    out: list[str] = []
    steps: list[tuple[Node, bool]] = [(root, True)]
    while steps:
        node, entering = steps.pop()
        if id(node) in left_out or node.tag in _SILENT:
            continue
        if not entering:
            _break(out)
        elif node.tag == "br":
            out.append("\n")
        elif not node.tag and node.parent is not None:
            _say(out, node.text, _preformatted(node))
        else:
            if node.tag in BLOCKS:
                _break(out)
                steps.append((node, False))
            if node.tag == "li":
                out.append("- ")
            steps.extend((child, True) for child in reversed(node.children))
    return tidy("".join(out))


def _preformatted(node: Node) -> bool:
    return node.parent is not None and node.parent.tag == "pre"


def _say(out: list[str], text: str, as_it_is: bool) -> None:
    words = text if as_it_is else _SPACES.sub(" ", text)
    if not as_it_is and (not out or out[-1].endswith(("\n", " "))):
        words = words.lstrip(" ")
    if words:
        out.append(words)


def _break(out: list[str]) -> None:
    """A new line, unless one has just begun."""
    if out and not out[-1].endswith("\n"):
        out.append("\n")
