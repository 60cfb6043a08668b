"""The back half of the compiler in one call: types, tables, completeness, keys; then the Program."""

from __future__ import annotations

from engine.language import choices, comparisons, completeness, keys, types
from engine.language.checked import RuleSet
from engine.language.codegen.generate import Checked, generate
from engine.language.diagnostics import Problems
from engine.language.program import Program


def check(rules: RuleSet, problems: Problems) -> Checked:
    """Everything that can be wrong with resolved rules, all in one run. The result is fit for :func:`generate` only
    when no problem was added."""
    tables = choices.check(rules, problems)
    found = types.lenses(rules, tables, problems)
    comparisons.check(rules, problems)
    completeness.check(rules, problems)
    alternatives = {rule.entry.id: keys.alternatives(rule, rules.crm, problems) for rule in rules.matches}
    return Checked(rules, found, alternatives)


def finish(rules: RuleSet, text: str, problems: Problems) -> Program | None:
    """The Program of a resolved rule set with its text; None when the file has problems, which are then in
    ``problems``."""
    found = check(rules, problems)
    return None if problems else generate(found, text)
