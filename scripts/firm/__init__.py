"""The demo firm, module by module; `scripts/make_firm.py` runs it."""
