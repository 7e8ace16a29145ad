"""Queues of traces that wait for a review."""
