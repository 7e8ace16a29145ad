"""PostgreSQL as one connection sees it: libpq, binary values, statements of many rows.  Knows no transaction and no table."""
