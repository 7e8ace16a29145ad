"""`trackside alert`."""
