"""The kinds of remotes that a link may lead to."""
