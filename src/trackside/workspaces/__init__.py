"""Workspaces: separate sets of experiments, runs, models and artifacts, and how a request chooses one."""
