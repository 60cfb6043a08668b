"""The sections that answer questions about a record or a pair: scope, leaving, window, changes, who wins."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Final

from engine.language import program
from engine.language.checked import Between, PolicyRule, RuleSet, WindowRule, WinnerRule
from engine.language.codegen import nodes
from engine.language.codegen.expressions import SIDES, Conditions
from engine.language.codegen.nodes import Module, answer, at, call, constant, name, when
from engine.language.keys import fields
from engine.language.program import Choice, Direction, Reason, Rival
from engine.records import M365, Side
from engine.schema import steps

_WAYS: Final[Mapping[str, tuple[bool, bool]]] = {
    "both": (True, True),
    "to_m365": (True, False),
    "to_crm": (False, True),
    "off": (False, False),
}


def ended(reason: Reason) -> Choice:
    """The answer for a reason that no entry speaks of: nothing is written any more, nothing is deleted."""
    return Choice("stop syncing", reason.entry)


FUNCTIONS: Final[dict[str, object]] = {"ended": ended, "frozenset": frozenset}


class Sections:
    """Writes the sections of one rule set into a module."""

    def __init__(self, rules: RuleSet, module: Module, conditions: Conditions) -> None:
        self.rules = rules
        self.module = module
        self.conditions = conditions

    def write(self) -> None:
        self._direction()
        self._scope()
        self._reads_collection()
        self._leaving()
        self._window()
        self._skip()
        self._parts()
        self._change()
        self._winner("conflict", self.rules.conflict)
        self._winner("first_agreement", self.rules.first_agreement)

    # ---- direction --------------------------------------------------------------------------------------------

    def _direction(self) -> None:
        rule = self.rules.direction
        value = self.conditions.operand(rule.follow)
        body = [nodes.assign("chosen", value)]
        for word, (to_m365, to_crm) in _WAYS.items():
            direction = Direction(to_m365, to_crm, rule.entry.id)
            test = nodes.compare(name("chosen"), ast.Eq(), constant(word))
            body.append(when(test, [answer(self.module.value(direction, "direction"))]))
        nothing = Direction(False, False, rule.entry.id)
        body.append(answer(self.module.value(nothing, "direction")))
        self.module.function("direction", ("context",), body, rule.entry.span)

    # ---- scope ------------------------------------------------------------------------------------------------

    def _scope(self) -> None:
        body: list[ast.stmt] = []
        for rule in self.rules.scope:
            tests = [self.conditions.fails(rule.needs)]
            if rule.guard is not None:
                tests.insert(0, self.conditions.holds(rule.guard))
            given = nodes.is_not(name(rule.side), constant(None))
            reason = self.module.value(Reason(rule.reason, rule.entry.id, rule.side), "reason")
            body.append(at(rule.entry.span, when(nodes.all_of(given, *tests), [answer(reason)])))
        self.module.function("scope", SIDES, [*body, answer(constant(None))], self.rules.entry.span)

    def _reads_collection(self) -> None:
        """Scope entries of Microsoft 365 that look at nothing but the container and the settings."""
        holder = self.rules.m365.container()
        body: list[ast.stmt] = []
        if holder is not None:
            roots: dict[tuple[Side, str], ast.expr] = {(M365, holder.name): name("collection")}
            alone = Conditions(self.module, self.conditions.schemas, ("collection", "context"), roots)
            for rule in self.rules.scope:
                read = fields(rule.needs) + (fields(rule.guard) if rule.guard else ())
                if rule.side != M365 or not read or not all(_is_root(ref.side, ref.path, holder.name) for ref in read):
                    continue
                tests = [alone.holds(rule.guard)] if rule.guard else []
                unread = nodes.all_of(*tests, alone.fails(rule.needs))
                body.append(at(rule.entry.span, when(unread, [answer(constant(False))])))
        last = answer(constant(True))
        self.module.function("reads_collection", ("collection", "context"), [*body, last], self.rules.entry.span)

    def _leaving(self) -> None:
        body: list[ast.stmt] = []
        said = nodes.attribute(name("reason"), "text")
        for rule in self.rules.leaving:
            tests = [nodes.compare(said, ast.Eq(), constant(rule.reason))]
            if rule.guard is not None:
                tests.append(self.conditions.holds(rule.guard))
            choice = self.module.value(Choice(rule.policy, rule.entry.id), "choice")
            body.append(at(rule.entry.span, when(nodes.all_of(*tests), [answer(choice)])))
        body.append(answer(call("ended", name("reason"))))
        self.module.function("leaving", ("reason", *SIDES), body, self.rules.entry.span)

    # ---- window -----------------------------------------------------------------------------------------------

    def _window(self) -> None:
        body: list[ast.stmt] = []
        for rule in self.rules.window:
            inside = self.conditions.holds(Between(rule.field, rule.start, rule.end, rule.entry.span))
            if self.rules.undated is not None and self.rules.undated.policy == "sync":
                empty = nodes.is_(call("is_empty", self.conditions.operand(rule.field)), constant(True))
                inside = nodes.any_of(inside, empty)
            body.append(at(rule.entry.span, when(inside, [answer(constant(None))])))
        for rule in self.rules.window:
            body += [at(rule.entry.span, statement) for statement in self._outside(rule)]
        self.module.function("window", SIDES, [*body, answer(constant(None))], self.rules.entry.span)

    def _outside(self, rule: WindowRule) -> list[ast.stmt]:
        """The reason for the side of this rule, where its record was given."""
        side = rule.field.side
        outside = Reason("outside the window", rule.entry.id, side)
        entry = self.rules.undated.entry.id if self.rules.undated else rule.entry.id
        undated = Reason("without a date", entry, side)
        empty = nodes.is_(call("is_empty", self.conditions.operand(rule.field)), constant(True))
        given = nodes.is_not(name(side), constant(None))
        return [
            when(nodes.all_of(given, empty), [answer(self.module.value(undated, "reason"))]),
            when(given, [answer(self.module.value(outside, "reason"))]),
        ]

    # ---- what is left out, and what is fetched ----------------------------------------------------------------

    def _skip(self) -> None:
        for side in skipped(self.rules):
            body: list[ast.stmt] = []
            for rule in self.rules.skips:
                if rule.side == side:
                    reason = self.module.value(Reason(rule.reason, rule.entry.id, side), "reason")
                    body.append(at(rule.entry.span, when(self.conditions.holds(rule.condition), [answer(reason)])))
            self.module.function(f"skip_{side}", SIDES, [*body, answer(constant(None))], self.rules.entry.span)

    def _parts(self) -> None:
        body = [nodes.assign("found", nodes.list_of())]
        for rule in self.rules.fetches:
            add = ast.Expr(call(nodes.attribute(name("found"), "append"), constant(rule.field.path)))
            body.append(at(rule.entry.span, when(self.conditions.holds(rule.condition), [add])))
        body.append(answer(call("frozenset", name("found"))))
        self.module.function("wanted_parts", SIDES, body, self.rules.entry.span)

    # ---- life cycle and precedence ----------------------------------------------------------------------------

    def _change(self) -> None:
        body: list[ast.stmt] = []
        for rule in self.rules.changes:
            tests = [nodes.compare(name("event"), ast.Eq(), constant(rule.event))]
            if rule.guard is not None:
                tests.append(self.conditions.holds(rule.guard))
            choice = self.module.value(Choice(rule.policy, rule.entry.id), "choice")
            body.append(at(rule.entry.span, when(nodes.all_of(*tests), [answer(choice)])))
        nothing = self.module.value(Choice("leave alone", self.rules.entry.id), "choice")
        self.module.function("change", ("event", *SIDES), [*body, answer(nothing)], self.rules.entry.span)

    def _winner(self, called: str, rules: Sequence[WinnerRule]) -> None:
        """The first whose guard holds; completeness is checked before, so that the last one is only a safeguard."""
        body: list[ast.stmt] = []
        for rule in rules:
            rival = self.module.value(Rival(rule.winner, rule.tie or "crm", rule.entry.id), "rival")
            test = self.conditions.holds(rule.guard) if rule.guard is not None else constant(True)
            body.append(at(rule.entry.span, when(test, [answer(rival)])))
        last = rules[-1] if rules else None
        entry = last.entry.id if last else self.rules.entry.id
        safeguard = self.module.value(Rival("crm", "crm", entry), "rival")
        self.module.function(called, SIDES, [*body, answer(safeguard)], self.rules.entry.span)


def skipped(rules: RuleSet) -> tuple[Side, ...]:
    """The sides that some rule may leave out."""
    return tuple(dict.fromkeys(rule.side for rule in rules.skips))


def _is_root(side: Side, path: str, holder: str) -> bool:
    return side == M365 and steps(path)[0].name == holder


def window_choice(rules: RuleSet) -> Choice:
    """What the window's ``outside`` says; without a window nothing is ever outside."""
    if rules.outside is None:
        return Choice("leave alone", rules.entry.id)
    return Choice(policy(rules.outside), rules.outside.entry.id)


def policy(rule: PolicyRule) -> program.Policy:
    """The policy of an entry that has one; names.py lets ``fill it`` stand in its own section only."""
    if rule.policy == "fill it" or rule.policy == "leave it empty":
        raise AssertionError(f"{rule.entry.id} is no policy")
    return rule.policy
