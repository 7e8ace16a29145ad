"""The calls by which another Trackside, or an import, reads and writes a workspace."""
