"""Outgoing connections that callers ask for: which hosts are allowed, and how the server connects to them."""
