"""Experiments, runs and logged models as items of a link."""
