"""Trackside: a self-hosted workspace for everything that MLflow clients log."""

__version__ = "0.1.0"
