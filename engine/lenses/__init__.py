"""Lenses: how one value is written in the terms of the other side, both ways."""
