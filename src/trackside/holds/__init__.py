"""Legal holds: objects that nobody may delete until the hold is removed or ends."""
