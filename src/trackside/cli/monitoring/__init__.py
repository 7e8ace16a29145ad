"""`trackside monitoring`."""
