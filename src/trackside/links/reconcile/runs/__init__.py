"""Reconciles experiments, runs and logged models."""
