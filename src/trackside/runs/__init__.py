"""Runs with their params, tags, inputs and outputs."""
