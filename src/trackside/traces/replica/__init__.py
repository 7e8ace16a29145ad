"""Writes scorers, label schemas, review queues and issues of another server with their ids and times."""
