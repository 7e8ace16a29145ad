"""`trackside backup` and `trackside db restore`."""
