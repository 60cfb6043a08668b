"""HTML as a light tree that remembers where in the source each node stands, whatever state the HTML is in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Final

BLOCKS: Final = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre",
    "section", "table", "tbody", "td", "th", "thead", "tr", "ul",
})  # fmt: skip
"""Elements that begin a line of their own."""
EMPTY: Final = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
})  # fmt: skip
"""Elements without an end tag."""
_RAW: Final = frozenset({"script", "style"})
_TAG: Final = re.compile("<(/?)([A-Za-z][A-Za-z0-9:-]*)")
_TAG_STOP: Final = re.compile("""[>"']""")
_NAME: Final = "(?<![A-Za-z0-9-])([A-Za-z][A-Za-z0-9-]*+)"
_VALUE: Final = """(?:"([^"]*)"|'([^']*)'|([^ \\t\\r\\n"'>]+))"""
_ATTRIBUTE: Final = re.compile(f"{_NAME}[ \\t\\r\\n]*+=[ \\t\\r\\n]*+{_VALUE}")
DEEPEST: Final = 500
"""Elements inside each other; what lies deeper counts as lying beside."""


@dataclass(slots=True)
class Node:
    """An element, or a piece of text (``tag`` is ''), with where it stands in the source."""

    tag: str
    start: int
    end: int = 0
    text: str = ""
    href: str = ""
    classes: tuple[str, ...] = ()
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)

    def within(self) -> Iterator[Node]:
        """The node itself and everything in it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


class _Tree:
    """A forgiving tree: end tags without a start are passed over, open elements end where their parents do. Every step
    through the source goes forward, so that no source takes more than its length."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.root = Node("", 0, len(source))
        self._at = self.root
        self._depth = 0
        self._unclosed: set[str] = set()
        place = 0
        while place < len(source):
            place = self._step(place)
        while self._at is not self.root:
            self._leave(len(source))

    def _step(self, place: int) -> int:
        """Take in what begins at this place; where the next thing begins."""
        if self.source[place] != "<":
            return self._data(place, self._find("<", place))
        if self.source.startswith("<!--", place):
            return self._find("-->", place + 4, past=True)
        if self.source.startswith(("<!", "<?"), place):
            return self._find(">", place, past=True)
        match = _TAG.match(self.source, place)
        if match is None:
            return self._data(place, self._find("<", place + 1))
        end = self._tag_end(match.end())
        if match[1]:
            self._end(match[2].lower(), place, end)
            return end
        self._start(match[2].lower(), place, end, self.source[match.end() : end - 1])
        if match[2].lower() in _RAW:
            return self._raw(match[2].lower(), end)
        return end

    def _find(self, what: str, since: int, past: bool = False) -> int:
        """Where the next one is (or ends); the end of the source where there is none any more."""
        found = -1 if what in self._unclosed else self.source.find(what, since)
        if found < 0:
            self._unclosed.add(what)
            return len(self.source)
        return found + len(what) if past else found

    def _tag_end(self, place: int) -> int:
        """After the tag's ``>``, which is none inside quotes; a quote that never ends is none."""
        while (match := _TAG_STOP.search(self.source, place)) is not None:
            if match[0] == ">":
                return match.end()
            closing = self._find(match[0], match.end())
            place = match.end() if closing == len(self.source) else closing + 1
        return len(self.source)

    def _raw(self, tag: str, place: int) -> int:
        """What is no markup: up to its own end tag, which may be written in either case."""
        for closing in (f"</{tag}", f"</{tag.upper()}"):
            found = self._find(closing, place)
            if found < len(self.source):
                return found
        return len(self.source)

    def _start(self, tag: str, start: int, end: int, attributes: str) -> None:
        known = {m[1].lower(): unescape(m[2] or m[3] or m[4] or "") for m in _ATTRIBUTE.finditer(attributes)}
        classes = tuple(known.get("class", "").split())
        node = Node(tag, start, end, href=known.get("href", ""), classes=classes, parent=self._at)
        self._at.children.append(node)
        if tag not in EMPTY and self._depth < DEEPEST:
            self._at, self._depth = node, self._depth + 1

    def _end(self, tag: str, place: int, end: int) -> None:
        node: Node | None = self._at
        while node is not None and node.tag != tag:
            node = node.parent
        if node is None or node is self.root:
            return
        while self._at is not node:
            self._leave(place)
        self._leave(end)

    def _data(self, place: int, end: int) -> int:
        text = unescape(self.source[place:end])
        self._at.children.append(Node("", place, end, text=text, parent=self._at))
        return end

    def _leave(self, end: int) -> None:
        self._at.end = end
        self._at, self._depth = self._at.parent or self.root, self._depth - 1


def parse(source: str) -> Node:
    """The root, which has no tag. Never fails: what is no HTML is text."""
    return _Tree(source).root
