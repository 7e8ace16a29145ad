"""SQL databases: transactions, group commit, migrations."""
