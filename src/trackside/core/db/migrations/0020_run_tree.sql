-- The children of a run: a query must say the same condition for the index to be used.
CREATE INDEX tags_by_parent ON tags (workspace_id, value, run_seq)
    WHERE key = 'mlflow.parentRunId' AND length(value) <= 64;
