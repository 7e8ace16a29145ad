"""`trackside server`."""
