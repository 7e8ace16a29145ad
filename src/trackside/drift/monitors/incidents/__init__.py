"""Incidents of drift monitors: when they open and close, and their rows."""
