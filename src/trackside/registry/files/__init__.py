"""The files of versions: where they may come from, where they lie, and their removal."""
