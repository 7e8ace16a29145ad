"""Imports: copies an MLflow store into a workspace of a running server."""
