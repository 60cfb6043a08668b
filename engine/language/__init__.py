"""The rule language: text to sections, entries, trees, checked names and types, and a compiled program."""
