"""`trackside endpoint`."""
