"""`trackside job`, `job schedule` and `score`."""
