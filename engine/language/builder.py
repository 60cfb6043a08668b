"""Lark's parse of one heading or entry to the frozen tree, with places in the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from lark import Token, Tree
from msgspec import Struct

from engine.language import tree as t
from engine.language.diagnostics import Span
from engine.language.source import RawEntry
from engine.records import Side

Node = Tree[Token] | Token


def words(token: str) -> str:
    """A terminal of several words, with single spaces."""
    return " ".join(token.split())


class Builder(Struct, frozen=True):
    """Builds nodes for one raw entry; ``build`` answers an entry, ``heading`` a heading."""

    raw: RawEntry

    # ---- places -----------------------------------------------------------------------------------------------

    def span(self, *nodes: Node) -> Span:
        """From the first to the last token, as far as they stand on one line; a token may itself go on in the next."""
        first, last = _first(nodes[0]), _last(nodes[-1])
        end = last if last.line == first.line else first
        if end.end_line != first.line:
            return self._span(first, cast(int, first.column) + len(end.partition("\n")[0].rstrip()))
        return self._span(first, cast(int, end.end_column))

    def _span(self, first: Token, end_column: int) -> Span:
        line = self.raw.line - 1 + cast(int, first.line)
        return Span(self.raw.span.file, line, cast(int, first.column), end_column)

    # ---- terms ------------------------------------------------------------------------------------------------

    def term(self, node: Node) -> t.Term:
        token = _first(node)
        span = self.span(token)
        match token.type:
            case "STRING":
                return t.Text(token[1:-1], span)
            case "INT":
                return t.Number(int(token), span)
            case "PATH":
                return t.Path(str(token), span)
        return t.Word(str(token), span)

    def constant(self, node: Node) -> t.Constant:
        return cast(t.Constant, self.term(node))

    def path(self, node: Node) -> t.Path:
        return cast(t.Path, self.term(node))

    def word(self, node: Node) -> t.Word:
        return t.Word(words(_first(node)), self.span(node))

    def text(self, node: Node) -> t.Text:
        return cast(t.Text, self.term(node))

    def phrase(self, node: Node) -> t.Phrase:
        return t.Phrase(words(_first(node)), self.span(node))

    def duration(self, token: Token) -> t.Duration:
        amount, unit = token.split()
        return t.Duration(int(amount), cast(t.Unit, unit.removesuffix("s")), self.span(token))

    def moment(self, node: Node) -> t.Moment:
        tokens = list(_tokens(node))
        anchor = cast("t.Word | t.Path", self.term(tokens[-1]))
        if len(tokens) == 1:
            return t.Moment(anchor, self.span(node))
        return t.Moment(anchor, self.span(node), self.duration(tokens[0]), cast(t.BeforeAfter, str(tokens[1])))

    def side(self, node: Node) -> Side:
        return cast(Side, str(_first(node)))

    # ---- conditions -------------------------------------------------------------------------------------------

    def condition(self, node: Node) -> t.Expr:
        assert isinstance(node, Tree)
        made: t.Expr = getattr(self, f"_{node.data}")(node, self.span(node))
        return made

    def guard(self, parts: Sequence[Node]) -> t.Guard:
        """The ``when``, ``otherwise`` or ``always`` among an entry's parts."""
        for part in parts:
            if isinstance(part, Tree) and part.data == "guard":
                return self.condition(part.children[1])
            if isinstance(part, Token) and part.type in ("OTHERWISE", "ALWAYS"):
                return t.Otherwise("always" if part.type == "ALWAYS" else "otherwise", self.span(part))
        return None

    def _any_of(self, node: Tree[Token], span: Span) -> t.Expr:
        return t.AnyOf(tuple(self.condition(item) for item in node.children[::2]), span)

    def _all_of(self, node: Tree[Token], span: Span) -> t.Expr:
        return t.AllOf(tuple(self.condition(item) for item in node.children[::2]), span)

    def _negated(self, node: Tree[Token], span: Span) -> t.Expr:
        return t.Not(self.condition(node.children[1]), span)

    def _truth(self, node: Tree[Token], span: Span) -> t.Expr:
        return t.Truth(self.term(node), span)

    def _is_(self, node: Tree[Token], span: Span) -> t.Expr:
        left, right = self.term(node.children[0]), node.children[-1]
        found: t.Expr = (
            t.IsState(left, cast(t.StateWord, str(_first(right))), span)
            if isinstance(right, Tree) and right.data == "state"
            else t.Is(left, self.term(right), span)
        )
        return t.Not(found, span) if len(node.children) == 4 else found

    def _in_(self, node: Tree[Token], span: Span) -> t.Expr:
        right = node.children[2]
        if isinstance(right, Tree) and right.data == "constants":
            listed = tuple(self.constant(item) for item in right.children if isinstance(item, Tree))
            return t.In(self.term(node.children[0]), listed, span)
        return t.In(self.term(node.children[0]), self.term(right), span)

    def _compare(self, node: Tree[Token], span: Span) -> t.Expr:
        left, sense, moment = node.children
        return t.Compare(self.term(left), cast(t.BeforeAfter, str(sense)), self.moment(moment), span)

    def _between(self, node: Tree[Token], span: Span) -> t.Expr:
        left, _, start, _, end = node.children
        return t.Between(self.term(left), self.moment(start), self.moment(end), span)

    def _falls_on(self, node: Tree[Token], span: Span) -> t.Expr:
        return t.FallsOn(self.term(node.children[0]), self.term(node.children[2]), span)

    def _shares_any(self, node: Tree[Token], span: Span) -> t.Expr:
        return t.SharesAny(self.term(node.children[0]), self.term(node.children[2]), span)

    def _may_read(self, node: Tree[Token], span: Span) -> t.Expr:
        return t.MayRead(self.side(node.children[2]), span)

    def _changed(self, node: Tree[Token], span: Span) -> t.Expr:
        return t.Changed(self.side(node.children[0]), span)

    # ---- headings ---------------------------------------------------------------------------------------------

    def sync(self, node: Tree[Token]) -> t.SyncHeading:
        _, name, _, left, _, right = node.children
        return t.SyncHeading(self.word(name), self.path(left), self.path(right), self.raw.span, self.raw.help)

    def translate(self, node: Tree[Token]) -> t.TranslateHeading:
        _, name, _, left, _, right = node.children
        return t.TranslateHeading(self.word(name), self.path(left), self.path(right), self.raw.span, self.raw.help)


def _tokens(node: Node) -> Iterator[Token]:
    if isinstance(node, Token):
        yield node
        return
    for child in node.children:
        yield from _tokens(child)


def _first(node: Node) -> Token:
    while not isinstance(node, Token):
        node = node.children[0]
    return node


def _last(node: Node) -> Token:
    while not isinstance(node, Token):
        node = node.children[-1]
    return node
