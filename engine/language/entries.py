"""Lark's parse of one entry to its node, a small function for each kind of entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, cast

from lark import Token, Tree

from engine.language import tree as t
from engine.language.builder import Builder, Node, words

_Parse: TypeAlias = "Tree[Token]"


def entry(builder: Builder, parsed: Tree[Token]) -> t.Entry:
    """The entry's node; which one is told by the grammar's rule or alias."""
    return _MAKERS[str(parsed.data)](builder, parsed)


def _setting(b: Builder, parsed: _Parse) -> t.Entry:
    name, kind, _, default, *rest = parsed.children
    set_by = next((part for part in rest if isinstance(part, Tree)), None)
    setters = [part for part in set_by.children if isinstance(part, Token) and part.type == "NAME"] if set_by else []
    return t.SettingEntry(
        b.word(name),
        _setting_type(b, cast(_Parse, kind)),
        _default(b, cast(_Parse, default)),
        tuple(b.word(setter) for setter in setters),
        any(isinstance(part, Token) for part in rest),
        b.raw.span,
        b.raw.help,
    )


def _setting_type(b: Builder, kind: _Parse) -> t.SettingType:
    match kind.data:
        case "choices":
            return t.ChoicesType(tuple(b.word(part) for part in kind.children[::2]))
        case "list_type":
            return t.ListType(b.path(kind.children[1]))
        case "one_type":
            return t.OneType(b.path(kind.children[0]))
    return t.PlainType("duration" if words(str(kind.children[0])) == "duration" else "time of day")


def _default(b: Builder, node: _Parse) -> t.Word | t.Text | t.Number | t.Duration | t.Clock:
    token = cast(Token, node.children[0])
    if token.type == "DURATION":
        return b.duration(token)
    if token.type == "CLOCK":
        return t.Clock(str(token), b.span(token))
    return b.constant(token)


def _define(b: Builder, parsed: _Parse) -> t.Entry:
    parts = parsed.children
    return t.DefineEntry(b.word(parts[0]), b.condition(parts[1]), b.raw.span)


def _define_choice(b: Builder, parsed: _Parse) -> t.Entry:
    name, body, _, condition, _, _, otherwise = parsed.children
    return t.DefineEntry(b.word(name), b.condition(body), b.raw.span, b.condition(condition), b.condition(otherwise))


def _direction(b: Builder, parsed: _Parse) -> t.Entry:
    return t.DirectionEntry(b.path(parsed.children[1]), b.raw.span)


def _scope(b: Builder, parsed: _Parse) -> t.Entry:
    side, _, needs, _, reason, *rest = parsed.children
    return t.ScopeEntry(b.side(side), b.condition(needs), b.text(reason), b.guard(rest), b.raw.span)


def _leaving(b: Builder, parsed: _Parse) -> t.Entry:
    reason, _, policy, *rest = parsed.children
    return t.LeavingEntry(b.text(reason), b.phrase(policy), b.guard(rest), b.raw.span)


def _window(b: Builder, parsed: _Parse) -> t.Entry:
    field, _, start, _, end = parsed.children
    return t.WindowEntry(b.path(field), b.moment(start), b.moment(end), b.raw.span)


def _phrase(b: Builder, parsed: _Parse) -> t.Entry:
    head, *rest = parsed.children
    bodies = [part for part in rest if isinstance(part, Token) and part.type == "PHRASE"]
    return t.PhraseEntry(b.phrase(head), tuple(map(b.phrase, bodies)), b.guard(rest), b.raw.span, b.raw.help)


def _skip(b: Builder, parsed: _Parse) -> t.Entry:
    return t.SkipEntry(b.condition(parsed.children[0]), b.text(parsed.children[1]), b.raw.span)


def _fetch(b: Builder, parsed: _Parse) -> t.Entry:
    return t.FetchEntry(b.path(parsed.children[0]), b.condition(parsed.children[3]), b.raw.span)


def _match(b: Builder, parsed: _Parse) -> t.Entry:
    _, name, _, condition, *rest = parsed.children
    ignoring = any(isinstance(part, Token) for part in rest)
    return t.MatchEntry(b.word(name), b.condition(condition), ignoring, b.guard(rest), b.raw.span)


def _copies_path(b: Builder, parsed: _Parse) -> t.Entry:
    return t.CopiesEntry(b.phrase(parsed.children[0]), b.path(parsed.children[2]), b.raw.span)


def _copies_where(b: Builder, parsed: _Parse) -> t.Entry:
    copy = cast(_Parse, parsed.children[2])
    first = next((b.span(part) for part in copy.children[2:] if _first_synced(part)), None)
    return t.CopiesEntry(b.phrase(parsed.children[0]), b.condition(copy.children[1]), b.raw.span, first)


def _first_synced(node: Node) -> bool:
    return isinstance(node, Token) and node.type == "FIRST_SYNCED"


def _row(b: Builder, parsed: _Parse) -> t.Entry:
    left, arrow, right = parsed.children
    return t.RowEntry(_cell(b, left), _arrow(arrow), _cell(b, right), b.raw.span, b.span(arrow))


def _cell(b: Builder, node: Node) -> t.Cell:
    inner = cast(_Parse, node).children[0]
    return t.AnyOther(b.span(inner)) if isinstance(inner, Token) else b.constant(inner)


def _arrow(node: Node) -> t.Arrow:
    return cast(t.Arrow, str(cast(_Parse, node).children[0]))


def _keep(b: Builder, parsed: _Parse) -> t.Entry:
    _, value, sense, *others = parsed.children
    constants = tuple(b.constant(part) for part in others if isinstance(part, Tree))
    return t.KeepEntry(b.constant(value), "while" if str(sense) == "while" else "unless", constants, b.raw.span)


def _map(b: Builder, parsed: _Parse) -> t.Entry:
    left, arrow, right, *rest = parsed.children
    listed = next((part for part in rest if isinstance(part, Tree) and part.data == "modifiers"), None)
    modifiers = [_modifier(b, part) for part in listed.children if isinstance(part, Tree)] if listed else []
    return t.MapEntry(
        b.term(left), _arrow(arrow), b.term(right), b.span(arrow), tuple(modifiers), b.guard(rest), b.raw.span,
        b.raw.help,
    )  # fmt: skip


def _modifier(b: Builder, node: _Parse) -> t.Modifier:
    word = cast(t.ModifierWord, words(str(node.children[0])))
    argument = b.term(node.children[1]) if len(node.children) > 1 else None
    return t.Modifier(word, b.span(node), argument)


def _winner(b: Builder, parsed: _Parse) -> t.Entry:
    head, _, *rest = parsed.children
    tie = b.word(rest[-1]) if isinstance(rest[-1], Tree) and rest[-1].data == "side" else None
    return t.WinnerEntry(b.phrase(head), b.guard(rest), b.raw.span, tie)


_MAKERS: Final[Mapping[str, Callable[[Builder, _Parse], t.Entry]]] = {
    "e_settings": _setting,
    "define": _define,
    "define_choice": _define_choice,
    "e_direction": _direction,
    "e_scope": _scope,
    "e_leaving": _leaving,
    "window": _window,
    "phrase": _phrase,
    "e_skip": _skip,
    "e_fetch": _fetch,
    "match": _match,
    "copies_path": _copies_path,
    "copies_where": _copies_where,
    "row": _row,
    "keep": _keep,
    "e_map": _map,
    "winner": _winner,
}
