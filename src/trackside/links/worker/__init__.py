"""The thread of each link: its schedule and its error handling."""
