"""Backups of a whole store, made while the server runs, and their restore."""
