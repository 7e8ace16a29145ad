"""Serves the web UI: the files that `web/` is built into."""
