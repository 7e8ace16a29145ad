"""Workspaces: who may do what, and where."""
