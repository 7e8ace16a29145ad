"""`trackside delete`, `trash` and `retention`."""
