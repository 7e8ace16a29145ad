"""Limits of what a workspace, a user or an experiment may have, and what they use."""
