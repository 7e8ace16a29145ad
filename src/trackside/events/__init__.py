"""Events: the log of changes for readers, and webhooks that tell others of it."""
