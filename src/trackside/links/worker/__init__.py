"""The thread of each link: when it works, and what it does when something fails."""
