"""Compares an item on both sides, merges, and writes what differs."""
