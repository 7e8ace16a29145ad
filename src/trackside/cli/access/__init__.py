"""`trackside user`, `group`, `token`, `role`, `access` and `audit`."""
