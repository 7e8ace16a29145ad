"""Links: two workspaces that keep each other's runs."""
