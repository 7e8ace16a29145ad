"""Metric series of many runs, reduced to what a chart can show."""
