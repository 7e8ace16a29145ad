"""Permanent deletion with a preview, and the trash."""
