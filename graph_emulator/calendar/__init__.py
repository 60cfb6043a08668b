"""Calendars of the emulated Microsoft 365: events, series, views and their deltas, meetings and the mail they cause."""
