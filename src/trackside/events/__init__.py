"""Events: the log of changes, and those who read it while it grows."""
