"""Planner of one organisation: groups, plans, buckets, tasks and task details, as Graph v1.0 serves basic plans."""
