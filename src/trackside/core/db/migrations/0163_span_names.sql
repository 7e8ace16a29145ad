-- Where spans of a name are, by trace.  SQLite fills it for many traces at a time: an index on each span's name writes a page for each
-- name of a trace.  PostgreSQL keeps the index, and this table empty.
CREATE TABLE trace_span_names (
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    trace_seq BIGINT NOT NULL,
    PRIMARY KEY (experiment_seq, name, trace_seq)
) {{CLUSTERED}};

-- Traces up to this one, of all workspaces, are in `trace_span_names`.
CREATE TABLE trace_span_names_upto (trace_seq BIGINT NOT NULL);

{{SQLITE}} INSERT INTO trace_span_names (workspace_id, experiment_seq, name, trace_seq)
{{SQLITE}} SELECT DISTINCT workspace_id, experiment_seq, name, trace_seq FROM trace_spans;
{{SQLITE}} INSERT INTO trace_span_names_upto (trace_seq) SELECT COALESCE(MAX(trace_seq), 0) FROM traces;
{{SQLITE}} DROP INDEX trace_spans_by_name;

-- Most traces have none of these.
DROP INDEX traces_by_session;
DROP INDEX traces_by_run;
DROP INDEX traces_by_model;
CREATE INDEX traces_by_session ON traces (experiment_seq, session_id, timestamp_ms) WHERE session_id IS NOT NULL;
CREATE INDEX traces_by_run ON traces (workspace_id, source_run) WHERE source_run IS NOT NULL;
CREATE INDEX traces_by_model ON traces (workspace_id, model_id) WHERE model_id IS NOT NULL;
