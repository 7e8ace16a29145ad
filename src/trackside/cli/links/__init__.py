"""`trackside link`."""
