"""Legal holds: what nobody may delete until the hold is removed."""
