"""The items of a workspace of this server as documents, and their files."""
