"""Scorers of an experiment, with versions.  The server stores them for clients and runs none."""
