"""Backups of a whole store, while its server runs, and their restore."""
