"""`trackside azure-env`."""
