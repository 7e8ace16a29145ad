"""`trackside login` and `logout`, and where tokens are kept on the user's machine."""
