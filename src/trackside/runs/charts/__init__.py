"""Metric series of many runs as a chart draws them."""
