"""The state of a link, in SQL: agreed states, the work queue, the backfill, generations of the remote's store."""
