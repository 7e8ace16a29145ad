"""Traces in SQL: narrow rows to search by, and compressed bodies that hold what the spans say."""
