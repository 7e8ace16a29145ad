"""`trackside hold`."""
