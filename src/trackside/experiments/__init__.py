"""Experiments and their tags."""
