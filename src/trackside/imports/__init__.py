"""Brings what an MLflow store holds into a workspace of a running server: sources, and the work."""
