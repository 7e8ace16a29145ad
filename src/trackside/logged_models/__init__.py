"""Logged models: files, params, tags and metrics that a training logs before a model is registered."""
