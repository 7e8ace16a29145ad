"""Traces in SQL: narrow rows to search, and compressed bodies with the contents of spans."""
