-- Spans that moved to the artifact store: one file has what stood in several rows of `trace_bodies`.  `body_seq` is that of the last of
-- these rows, so that the order of arrival is kept.  `size_bytes` is the size of the file, and counts in `traces.size_bytes`.
CREATE TABLE trace_files (
    workspace_id BIGINT NOT NULL,
    trace_seq BIGINT NOT NULL,
    body_seq BIGINT NOT NULL,
    uri {{KEYTEXT}} NOT NULL,
    size_bytes BIGINT NOT NULL,
    PRIMARY KEY (trace_seq, body_seq)
) {{CLUSTERED}};
CREATE INDEX trace_files_by_uri ON trace_files (workspace_id, uri);

-- Traces whose spans may be too large for the database; a background loop looks at each, and removes it.
CREATE TABLE trace_offloads (
    workspace_id BIGINT NOT NULL,
    trace_seq BIGINT NOT NULL,
    PRIMARY KEY (trace_seq)
) {{CLUSTERED}};
INSERT INTO trace_offloads (workspace_id, trace_seq) SELECT workspace_id, trace_seq FROM traces WHERE size_bytes > 65536;
