"""Finds what changed at remotes that have no change feed."""
