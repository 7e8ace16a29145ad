"""`trackside login` and `logout`, and the tokens stored on the user's machine."""
