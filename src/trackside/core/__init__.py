"""Shared infrastructure: errors, settings, database, HTTP, filters.  It contains nothing about experiments, models or users."""
