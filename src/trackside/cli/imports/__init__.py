"""`trackside import`."""
