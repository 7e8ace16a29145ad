"""The thread of each link: its schedule, and its handling of errors."""
