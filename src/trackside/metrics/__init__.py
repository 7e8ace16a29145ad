"""Metric points, their history and their summaries."""
