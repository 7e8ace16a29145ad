"""Permanent deletion with a preview, the trash, and retention rules."""
