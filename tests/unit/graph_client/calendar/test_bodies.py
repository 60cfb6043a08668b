"""Bodies of events: text from any HTML, text there and back, and the join block in each of its forms."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_client.answers import Json
from graph_client.calendar.bodies import Body, read_body, tidy, written_body

JOIN = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%7d"
RULE = '<div style="width:100%"><span style="color:gray">' + "_" * 80 + "</span></div>"
LINK = f'<a class="me-email-headline" href="{JOIN}">Join</a>'
FORMS = {
    "rules around": f'{RULE}\r\n<div class="me-email-text">{LINK}<div>Options</div></div>\r\n{RULE}',
    "rules inside": f'<br>\n<div class="me-email-text" lang="en"><div>{"_" * 80}</div><div><span class="me-email-text">'
    f"Teams</span> {LINK}</div><hr><div>{'_' * 80}</div></div>",
    "prefixed": f'<div class="x_me-email-text"><div class="x_me-email-text">{LINK}</div></div>',
    "lines": f'<hr><div class="online-meeting">Teams<br><a href="{JOIN}">Join</a></div><hr>',
    "in the body": f'{"_" * 60}<br><a href="{JOIN}">Join</a><br>{"_" * 60}',
}  # fmt: skip
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60)


def page(content: str, kind: str = "html") -> Json:
    return {"contentType": kind, "content": content}


@given(WORDS)
def test_text_survives(text: str) -> None:
    """What is written is read back, blanks, angle brackets and line ends included."""
    assert read_body(dict(written_body(text, ""))) == Body(tidy(text))


@given(WORDS, st.sampled_from(sorted(FORMS)))
def test_text_and_block_survive_each_other(text: str, form: str) -> None:
    """The block is neither part of the text nor changed by it, however often the body is written."""
    first = read_body(page(f"<html><body>{FORMS[form]}</body></html>"))
    assert (first.text, bool(first.block)) == ("", True)
    again = read_body(dict(written_body(text, first.block)))
    assert again == Body(tidy(text), first.block)
    assert JOIN in read_body(dict(written_body("other", again.block))).block


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("before", "after"), [("<p>Agenda</p>", ""), ("<div>A</div><div>B</div>", "<p>Bye</p>")])
def test_the_block_is_cut_out_whole(form: str, before: str, after: str) -> None:
    """Words around it stay; nothing of it shows in the text."""
    found = read_body(page(f"<html><head><style>p{{}}</style></head><body>{before}{FORMS[form]}{after}</body></html>"))
    expected = read_body(page(before + "<br>" + after)).text.replace("\n\n", "\n")
    assert found.text.replace("\n\n", "\n") == expected
    assert JOIN in found.block


def test_a_block_that_only_its_address_tells() -> None:
    """Other services' blocks are found by the address that the event itself names."""
    body = page('<p>Hi</p><div><a href="https://meet.example/1">Join</a></div>')
    assert read_body(body).block == ""
    assert read_body(body, "https://meet.example/1") == Body(
        "Hi", '<div><a href="https://meet.example/1">Join</a></div>'
    )


def test_a_plain_text_body_has_its_block_too() -> None:
    """Between two lines of underscores; without them it is the line with the address."""
    rule = "_" * 60
    found = read_body(page(f"Agenda\r\n{rule}\r\nTeams\r\n{JOIN}\r\n{rule}\r\nBye", "text"))
    assert found.text == "Agenda\nBye"
    assert JOIN in found.block
    assert read_body(page(f"A\n{JOIN}\nB", "text")).text == "A\nB"
    assert read_body(page("a  b\t \r\n\r\nc ", "text")) == Body("a  b\n\nc")


def test_rules_without_a_link_are_text() -> None:
    """Somebody may draw lines without meaning a meeting."""
    assert read_body(page(f"<p>{'_' * 30}</p><p>x</p>")).text == f"{'_' * 30}\nx"


@pytest.mark.parametrize(
    ("source", "text"),
    [("<p>one</p>\r\n<p>two<br>three</p>", "one\ntwo\nthree"), ("<ul><li>x<li>y</ul>", "- x\n- y"),
     ("<b>a</b> <i>b</i>", "a b"), ("a&nbsp;&nbsp;b &lt;x&gt; &#128512;", "a  b <x> \U0001f600"),
     ("<script>let a = '<p>'</script><style>p{}</style>t", "t"), ("<pre>a\n  b</pre>", "a\n  b"),
     ("<table><tr><td>1</td><td>2</td></tr></table>", "1\n2"), ("a < b & c", "a < b & c"), ("<!-- x -->y<!-- z", "y"),
     ("<p title='>'>q</p>", "q"), ("</p></div>r", "r"), ("", ""), ("<div><div><br></div></div>", "")],
)  # fmt: skip
def test_html_as_a_reader_sees_it(source: str, text: str) -> None:
    """Blocks are lines, entities are characters, what is not shown is left out; broken HTML is read all the same."""
    assert read_body(page(source)).text == text


@pytest.mark.parametrize("raw", [None, 7, [], {}, {"content": None}, {"content": 5, "contentType": "html"}])
def test_no_body_is_empty(raw: Json) -> None:
    """Members of an unexpected shape count as empty."""
    assert read_body(raw) == Body("")


@given(st.text(st.sampled_from("<>/!-&;'\"= abdivprh_\n"), max_size=200))
def test_no_source_is_too_odd(source: str) -> None:
    """Whatever stands where HTML should be is read, and its text is tidy."""
    text = read_body(page(source)).text
    assert text == tidy(text)


@pytest.mark.parametrize(
    "source",
    ["<!--" * 50_000, "<a " * 50_000, "<" * 50_000, "<div>" * 30_000, "<div>" * 600 + "</p>" * 9_000, "<a x='" * 30_000,
     "<script>" + "</" * 50_000, "<a " + "a" * 100_000 + ">", f'<a href="{JOIN}">' * 5_000, "<hr>" * 20_000],
)  # fmt: skip
def test_hostile_sources_take_no_time(source: str) -> None:
    """Invitations come from anybody: reading one goes forward only."""
    began = time.perf_counter()
    read_body(page(source))
    assert time.perf_counter() - began < 5
