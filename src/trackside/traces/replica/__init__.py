"""Scorers, questions, queues and issues of another server, stored with their ids and times."""
