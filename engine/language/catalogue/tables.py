"""T400 to T499: translation tables."""

from __future__ import annotations

from engine.language.catalogue.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "T400",
        "Value that the field can not hold",
        "Every value in a table must be a value of the field that the heading names on that side.",
        '1          <->  "two"',
        "1          <->  2",
    ),
    Code(
        "T401",
        "“any other” where a value must be written",
        "“any other” stands for all values that the table does not name. It can be read, but it is no value to write.",
        "any other  <->  blue",
        "any other   ->  blue",
    ),
    Code(
        "T402",
        "Value without a row",
        "A table must answer every value that its field can hold, in every direction that a map line uses it.",
        '"silver"    ->  blue',
        "any other   ->  blue",
    ),
    Code(
        "T403",
        "Value with two rows",
        "In one direction each value has one answer. A second row for it contradicts the first, or says "
        "the same twice.",
        '"gold"      ->  blue',
        '"bronze"    ->  blue',
    ),
    Code(
        "T404",
        "Table that is not used",
        "A translate section does nothing by itself; a map line uses it with “as” and its name.",
        "tag       ->  keyword",
        "rank      ->  colour           as medal",
    ),
    Code(
        "T405",
        "“keep” without effect",
        "“keep” holds a value where the rows would write another one. Where they write the same value "
        "anyway, the line says something that it does not do.",
        'keep "gold"   while red',
        'keep "bronze"   while blue',
    ),
)
