-- Links of traces to runs that came before their traces: clients send traces by a thread of their own.
CREATE TABLE awaited_trace_links (
    workspace_id BIGINT NOT NULL,
    trace_id {{KEYTEXT}} NOT NULL,
    run_id {{KEYTEXT}} NOT NULL,
    awaited_since BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, trace_id, run_id)
) {{CLUSTERED}};
CREATE INDEX awaited_trace_links_by_age ON awaited_trace_links (workspace_id, awaited_since);
