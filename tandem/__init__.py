"""Tandem, the application: the only room that knows all others."""

import gc

#: Ticks, and the imports before them, make many values and hardly a cycle. Looking for cycles every 700 values cost a
#: fifth of a sync of 10,000 records and found nothing; peak memory stays the same (measured).
gc.set_threshold(50_000, 20, 50)
