"""Orphans: files that no row names, and rows whose files are missing; and the quarantine of such files."""
