"""Orphans: files that no row refers to, rows whose files are missing, and the quarantine for such files."""
