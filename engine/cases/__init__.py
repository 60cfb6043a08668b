"""Cases: recorded situations of a rule file, and what its rules are expected to make of them."""
