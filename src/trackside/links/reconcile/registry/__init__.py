"""Reconciles registered models and their versions."""
