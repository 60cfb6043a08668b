"""Event bodies as text and as HTML, and the block that lets people join a Teams meeting."""

import html
import re
from functools import lru_cache
from html.parser import HTMLParser

from graph_emulator.messages import Properties
from graph_emulator.properties import refused

PREVIEW = 255
_HEAD = '<html><head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body>'
_BREAKS = frozenset({"p", "div", "br", "hr", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol"})


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.hidden = 0
        self.link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "script", "head", "title"):
            self.hidden += 1
        elif tag in ("br", "hr", "tr", "li"):
            self.parts.append("\n")
        elif tag == "a":
            self.link = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script", "head", "title"):
            self.hidden = max(0, self.hidden - 1)
        elif tag == "a" and self.link:
            self.parts.append(f"<{self.link}>")
            self.link = ""
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(re.sub(r"\s+", " ", data))


@lru_cache(maxsize=8192)
def text_of(content: str) -> str:
    """What a person reads of an HTML body."""
    parser = _Text()
    parser.feed(content)
    parser.close()
    lines = [line.strip() for line in "".join(parser.parts).replace("\xa0", " ").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip().replace("\n", "\r\n")


def normalised(value: object) -> Properties:
    """A body of a request as it is kept: HTML inside a page, text as it came. GraphError 400 for another shape."""
    if value is None:
        return {"contentType": "html", "content": ""}
    if not isinstance(value, dict) or not isinstance(value.get("content", ""), str | None):
        raise refused("body", "has to be an object with contentType and content")
    kind, content = str(value.get("contentType") or "text").lower(), value.get("content") or ""
    if kind not in ("text", "html"):
        raise refused("body", "has a contentType other than text and html")
    if kind == "html" and content and "<body" not in content.lower():
        content = f"{_HEAD}{content}</body></html>"
    return {"contentType": kind, "content": content}


def content_of(body: object) -> tuple[str, str]:
    """Content type and content of a kept body."""
    assert isinstance(body, dict)
    return str(body["contentType"]), str(body["content"])


def shown(body: object, as_text: bool) -> Properties:
    """A kept body in the type that is asked for; the service converts the other one."""
    kind, content = content_of(body)
    if as_text:
        return {"contentType": "text", "content": text_of(content) if kind == "html" else content}
    return {"contentType": "html", "content": content if kind == "html" else _page(content)}


def preview(body: object) -> str:
    """The first characters of the text."""
    kind, content = content_of(body)
    return (text_of(content) if kind == "html" else content)[:PREVIEW]


def with_block(body: object, join_url: str) -> Properties:
    """A body with the block of an online meeting at its end."""
    kind, content = content_of(body)
    page = content if kind == "html" and content else _page(content) or f"{_HEAD}</body></html>"
    block = f'<hr><div class="online-meeting">Microsoft Teams meeting<br><a href="{join_url}">Join</a></div><hr>'
    return {"contentType": "html", "content": page.replace("</body>", f"{block}</body>")}


def has_block(body: object, join_url: str) -> bool:
    """Whether a body still leads to the online meeting."""
    return join_url in html.unescape(content_of(body)[1])


def _page(text: str) -> str:
    if not text:
        return ""
    lines = html.escape(text, quote=False).replace("\r\n", "\n").replace("\n", "<br>\r\n")
    return f'{_HEAD}\r\n<div class="PlainText">{lines}</div></body></html>'
