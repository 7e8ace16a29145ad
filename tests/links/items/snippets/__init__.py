"""A toy kind of items for the reconciler: snippets with a title and tags, in a table of its own."""
