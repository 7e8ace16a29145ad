"""Reads spans and trace updates from what clients send: OTLP, JSON, and files of older clients."""
