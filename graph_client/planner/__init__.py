"""Planner: the plans that an organisation's connected users share, reached through their sign-ins."""
