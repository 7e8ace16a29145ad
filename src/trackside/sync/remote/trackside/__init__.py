"""The client of another Trackside."""
