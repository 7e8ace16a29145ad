"""Saved views: how a page shows the runs of an experiment."""
