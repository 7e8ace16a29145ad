-- Traces: a narrow row for each trace and for each span, to filter, sort and count by; what the spans hold is compressed beside them.

-- `tags` and `metadata` are JSON objects.  `name` is the tag mlflow.traceName; `root_name` that of the root span.
-- `wanted_spans` is how many spans the client says the trace has, `span_count` how many have come.
CREATE TABLE traces (
    trace_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    trace_id {{KEYTEXT}} NOT NULL,
    experiment_seq BIGINT NOT NULL,
    timestamp_ms BIGINT NOT NULL,
    duration_ms BIGINT,
    state {{KEYTEXT}} NOT NULL,
    name {{KEYTEXT}},
    root_name {{KEYTEXT}},
    session_id {{KEYTEXT}},
    user_id {{KEYTEXT}},
    client_request_id {{KEYTEXT}},
    source_run {{KEYTEXT}},
    model_id {{KEYTEXT}},
    request_preview TEXT,
    response_preview TEXT,
    input_tokens BIGINT,
    output_tokens BIGINT,
    total_tokens BIGINT,
    cache_read_input_tokens BIGINT,
    cache_creation_input_tokens BIGINT,
    input_cost DOUBLE PRECISION,
    output_cost DOUBLE PRECISION,
    total_cost DOUBLE PRECISION,
    wanted_spans BIGINT,
    span_count BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    is_finalized BIGINT NOT NULL,
    has_spans BIGINT NOT NULL,
    tags TEXT NOT NULL,
    metadata TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX traces_by_id ON traces (workspace_id, trace_id);
CREATE INDEX traces_by_time ON traces (experiment_seq, timestamp_ms DESC, trace_id);
CREATE INDEX traces_by_session ON traces (experiment_seq, session_id, timestamp_ms);
CREATE INDEX traces_by_run ON traces (workspace_id, source_run);
CREATE INDEX traces_by_model ON traces (workspace_id, model_id);

-- `span_id` and `parent_id` are the eight bytes of the ids as a signed number.  `token_usage` is JSON.
CREATE TABLE trace_spans (
    workspace_id BIGINT NOT NULL,
    trace_seq BIGINT NOT NULL,
    span_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    parent_id BIGINT,
    name {{KEYTEXT}} NOT NULL,
    type {{KEYTEXT}} NOT NULL,
    status {{KEYTEXT}} NOT NULL,
    start_ms BIGINT NOT NULL,
    duration_us BIGINT,
    model {{KEYTEXT}},
    provider {{KEYTEXT}},
    token_usage TEXT,
    input_cost DOUBLE PRECISION,
    output_cost DOUBLE PRECISION,
    total_cost DOUBLE PRECISION,
    PRIMARY KEY (trace_seq, span_id)
) {{CLUSTERED}};
CREATE INDEX trace_spans_by_name ON trace_spans (experiment_seq, name, trace_seq);

-- What arrived of a trace together, compressed by Zstandard: one span a line, as JSON.  A span that came twice is there twice; the
-- later one counts.
CREATE TABLE trace_bodies (
    body_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    trace_seq BIGINT NOT NULL,
    body {{BYTES}} NOT NULL
);
CREATE INDEX trace_bodies_by_trace ON trace_bodies (trace_seq, body_seq);

-- Runs and prompt versions that a trace was linked to.
CREATE TABLE trace_links (
    workspace_id BIGINT NOT NULL,
    trace_seq BIGINT NOT NULL,
    kind {{KEYTEXT}} NOT NULL,
    target {{KEYTEXT}} NOT NULL,
    PRIMARY KEY (trace_seq, kind, target)
) {{CLUSTERED}};
CREATE INDEX trace_links_by_target ON trace_links (workspace_id, kind, target);

-- `value` is JSON; `number` what metrics take of it: 1 and 0 for yes and no too, which are no numbers (`is_number`).  `experiment_seq` is that of the trace.
CREATE TABLE trace_assessments (
    assessment_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    assessment_id {{KEYTEXT}} NOT NULL,
    trace_seq BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    kind {{KEYTEXT}} NOT NULL,
    value {{KEYTEXT}} NOT NULL,
    is_number BIGINT NOT NULL,
    number DOUBLE PRECISION,
    error TEXT,
    source_type {{KEYTEXT}} NOT NULL,
    source_id {{KEYTEXT}},
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    rationale TEXT,
    span_id {{KEYTEXT}},
    metadata TEXT NOT NULL,
    session_id {{KEYTEXT}},
    overrides {{KEYTEXT}},
    is_valid BIGINT NOT NULL
);
CREATE UNIQUE INDEX trace_assessments_by_id ON trace_assessments (workspace_id, assessment_id);
CREATE INDEX trace_assessments_by_trace ON trace_assessments (trace_seq);
CREATE INDEX trace_assessments_by_name ON trace_assessments (experiment_seq, name);
