"""Quotas of workspaces, users and experiments, and their use."""
