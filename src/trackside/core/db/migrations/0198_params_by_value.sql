-- A filter such as params.p = 'v' finds the runs that have the value.  PostgreSQL keeps the rows of a table in the order of their
-- arrival, so that the range of a key is spread over all of it; SQLite keeps them by key.  An index entry has room for 2,700 bytes.
{{POSTGRESQL}} CREATE INDEX params_by_value ON params (experiment_seq, key, left(value, 64), run_seq);
