"""Logged models: what a training logs before a model is registered: files, params, tags and metrics."""
