"""Background work: loops, thread pools, timers and leases."""
