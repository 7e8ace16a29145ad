"""Events: the change log, and the calls and loops that follow it."""
