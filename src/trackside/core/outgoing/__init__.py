"""What the server calls in the name of its callers: which hosts it may, and how it connects."""
