"""Detects changes at remotes that have no change feed, by polling."""
