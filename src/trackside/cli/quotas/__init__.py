"""`trackside quota`."""
