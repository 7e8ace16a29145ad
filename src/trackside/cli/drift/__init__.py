"""`trackside drift` and `trackside monitor`."""
