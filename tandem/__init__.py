"""Tandem, the application: the only room that knows all others."""
