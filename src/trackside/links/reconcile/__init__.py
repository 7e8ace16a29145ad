"""Compares an item on both sides, merges it, and writes the differences."""
