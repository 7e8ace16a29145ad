"""The append-only log of access and administration."""
