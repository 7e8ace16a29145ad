"""Legal holds: objects that cannot be deleted until the hold is removed or ends."""
