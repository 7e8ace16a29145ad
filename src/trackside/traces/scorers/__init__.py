"""Scorers of an experiment, by version: stored for the clients that run them.  The server runs none."""
