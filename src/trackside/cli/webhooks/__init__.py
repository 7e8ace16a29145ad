"""`trackside webhook`."""
