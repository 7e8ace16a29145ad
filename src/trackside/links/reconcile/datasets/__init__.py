"""Reconciles evaluation datasets and their records."""
