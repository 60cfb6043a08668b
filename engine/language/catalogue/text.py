"""T100 to T199: text and layout."""

from __future__ import annotations

from engine.language.catalogue.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "T101", "The file is too large",
        "A rule file may have one mebibyte, which is some ten thousand lines. A larger one is most likely not a rule "
        "file at all, or it was made by a program.",
        "# " + "padding " * 160, "",
    ),
    Code(
        "T102", "The file is not UTF-8 text",
        "Rule files are UTF-8 text. An editor that saves in an older encoding writes accented letters as bytes that "
        "mean something else elsewhere. Save the file as UTF-8.",
        "# André's rules", "# André's rules, saved as UTF-8",
    ),
    Code(
        "T103", "A tab",
        "Tabs are shown with different widths everywhere, so that nobody can see how deep a line is indented. Rules "
        "are indented and aligned with spaces.",
        "\tnick     <->  pseudonym", "  nick     <->  pseudonym",
    ),
    Code(
        "T104", "A character that can't be seen",
        "Zero-width, directional and control characters, and the non-breaking space that web pages and word "
        "processors like to insert, look like nothing or like a normal space. What is read must be what is shown, so "
        "they are refused.",
        "  nick\u00a0    <->  pseudonym", "  nick     <->  pseudonym",
    ),
    Code(
        "T105", "Uneven indentation",
        "All entries of a section start in the same column. A line that starts deeper continues the entry above it; "
        "one that starts less deep belongs nowhere.",
        " note     <->  remarks", "  note     <->  remarks",
    ),
    Code(
        "T106", "A quotation mark that is never closed",
        "A text in quotes ends on the line on which it begins.",
        'else "not wanted', 'else "not wanted"',
    ),
    Code(
        "T107", "A help text in the wrong place",
        "A line that is only a text in quotes is help for what stands above it: a heading or an entry. Under an "
        "entry it is indented deeper than the entry, and it comes last.",
        "set by org, user\n"
        '      "Which way people travel."\n      narrowest wins\n',
        "set by org, user   narrowest wins\n"
        '      "Which way people travel."\n',
    ),
    Code(
        "T108", "Too many entries",
        "A rule file may have 5,000 entries. Entries beyond that are not read.",
        "  tag      <->  keyword\n", "",
    ),
    Code(
        "T109", "An entry that is too long",
        "An entry may have 10,000 characters with all its lines. Parts of a long condition can be given names under "
        "define.",
        "  asked    mine" + " and mine" * 24, "  asked    mine when setting.mine_only, else recent",
    ),
    Code(
        "T110", "An entry under no section",
        "Entries are indented and belong to the section above them. The language line and the sync line are no "
        "sections.",
        "language 1\n\n  nick     <->  pseudonym\n", "language 1\n",
    ),
    Code(
        "T111", "The language line is missing",
        "The first line says in which version of the language a file is written, so that later versions of Tandem can "
        "still read it, or can say that they don't.",
        "# People\n\nsync people:", "language 1\n\nsync people:",
    ),
    Code(
        "T112", "Another version of the language",
        "This Tandem reads one version of the language. A file with another number was written for another Tandem.",
        "language 2", "language 1",
    ),
    Code(
        "T113", "The sync line is missing",
        "A file says after its language which two kinds of record it keeps in step. All field names are looked up in "
        "these two.",
        "language 1\n\nsettings",
        "language 1\n\nsync people: crm.Person <-> m365.person\n\nsettings",
    ),
    Code(
        "T114", "A second language or sync line",
        "One file keeps one pair of record kinds in step. Another pair gets a file of its own.",
        '  "People of two small systems."\n\nsync cards: crm.Person <-> m365.card\n',
        '  "People of two small systems."\n',
    ),
    Code(
        "T115", "An unknown section",
        "Lines at the margin are headings, and the headings are fixed words. A heading stands alone on its line, "
        "without a colon.",
        "mapp\n", "map\n",
    ),
    Code(
        "T116", "A section that stands twice",
        "Each section stands once in a file, since the order of its entries can matter. Only translate may stand "
        "several times, with a name each.",
        'scope\n  crm   needs crm.tag is "x"   else "odd"\n\ndirection\n  follow', "direction\n  follow",
    ),
    Code(
        "T120", "A word that can't stand here",
        "The entry reads well up to this word, and then the language expects something else. The message lists what "
        "it expects.",
        "  owner    <-   user             onn create", "  owner    <-   user             on create",
    ),
    Code(
        "T121", "An entry that ends too early",
        "Something is missing at the end of the entry. The message says what may come next, and how such an entry "
        "reads as a whole.",
        "  crm   needs crm.wanted\n", '  crm   needs crm.wanted                      else "not wanted"\n',
    ),
    Code(
        "T122", "Not an arrow",
        "There are three arrows: <-> for both ways, -> to Microsoft 365 and <- to the CRM. The CRM is always left, "
        "Microsoft 365 always right.",
        "  nick     <=>  pseudonym", "  nick     <->  pseudonym",
    ),
    Code(
        "T123", "and mixed with or",
        "“a and b or c” can be read in two ways. Give one of the two parts a name under define; then the condition "
        "reads in one way only.",
        "  asked    mine when setting.mine_only and recent or mine, else recent",
        "  asked    mine when setting.mine_only, else recent",
    ),
    Code(
        "T124", "Parentheses",
        "Conditions have no parentheses. A part that belongs together gets a name under define, which says what it "
        "is for.",
        "  mine     (crm.owner is user)", "  mine     crm.owner is user",
    ),
    Code(
        "T125", "A sign in place of a word",
        "Conditions are written in words: is, is not, in, before, after, and, or, not.",
        "  mine     crm.owner == user", "  mine     crm.owner is user",
    ),
    Code(
        "T126", "The wrong quotation marks",
        "Texts stand between straight double quotes. Word processors replace them by curly ones.",
        "  “gold”     <->  red", '  "gold"     <->  red',
    ),
)  # fmt: skip
