"""One module per step of a tick: settle, read, pair, complete, decide, plan, guard, apply, remember."""
