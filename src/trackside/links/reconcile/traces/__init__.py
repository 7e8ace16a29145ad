"""Reconciles traces and their spans."""
