-- Workspaces, experiments, runs and what is logged to them.
-- `..._seq` are internal keys; what clients see is `experiment_id`, `run_id`.  Times are ms since 1970.

CREATE TABLE workspaces (
    workspace_id {{AUTOKEY}},
    uid TEXT NOT NULL UNIQUE,
    name {{KEYTEXT}} NOT NULL UNIQUE,
    subscription_id TEXT NOT NULL,
    resource_group TEXT NOT NULL,
    location TEXT NOT NULL DEFAULT '',
    friendly_name TEXT NOT NULL DEFAULT '',
    description TEXT,
    tags TEXT NOT NULL DEFAULT '{}',
    default_artifact_root TEXT,
    creation_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL
);

CREATE TABLE experiments (
    experiment_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    experiment_id BIGINT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    artifact_location TEXT NOT NULL,
    lifecycle_stage TEXT NOT NULL,
    creation_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL
);
CREATE UNIQUE INDEX experiments_by_name ON experiments (workspace_id, name);
CREATE UNIQUE INDEX experiments_by_id ON experiments (workspace_id, experiment_id);

CREATE TABLE experiment_tags (
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    value {{KEYTEXT}} NOT NULL,
    PRIMARY KEY (experiment_seq, key)
) {{CLUSTERED}};

CREATE TABLE runs (
    run_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    run_id {{KEYTEXT}} NOT NULL,
    run_name {{KEYTEXT}} NOT NULL,
    user_id {{KEYTEXT}} NOT NULL,
    status {{KEYTEXT}} NOT NULL,
    start_time BIGINT NOT NULL,
    end_time BIGINT,
    lifecycle_stage TEXT NOT NULL,
    deleted_time BIGINT,
    artifact_uri {{KEYTEXT}} NOT NULL
);
CREATE UNIQUE INDEX runs_by_id ON runs (workspace_id, run_id);
CREATE INDEX runs_by_start ON runs (experiment_seq, lifecycle_stage, start_time DESC, run_id);

-- What is logged lies clustered by experiment and key: a filter or an order on one key reads one range.
CREATE TABLE params (
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    run_seq BIGINT NOT NULL,
    value {{KEYTEXT}} NOT NULL,
    PRIMARY KEY (experiment_seq, key, run_seq)
) {{CLUSTERED}};
CREATE INDEX params_by_run ON params (run_seq);

CREATE TABLE tags (
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    run_seq BIGINT NOT NULL,
    value {{KEYTEXT}} NOT NULL,
    PRIMARY KEY (experiment_seq, key, run_seq)
) {{CLUSTERED}};
CREATE INDEX tags_by_run ON tags (run_seq);

-- One row per (run, key): what a table of runs shows and sorts by.  A NaN is value 0 with a flag, as in MLflow.
CREATE TABLE metric_series (
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    run_seq BIGINT NOT NULL,
    last_value DOUBLE PRECISION NOT NULL,
    last_is_nan BIGINT NOT NULL,
    last_step BIGINT NOT NULL,
    last_timestamp BIGINT NOT NULL,
    first_value DOUBLE PRECISION NOT NULL,
    first_is_nan BIGINT NOT NULL,
    first_step BIGINT NOT NULL,
    first_timestamp BIGINT NOT NULL,
    min_value DOUBLE PRECISION,
    max_value DOUBLE PRECISION,
    sum_value DOUBLE PRECISION NOT NULL,
    value_count BIGINT NOT NULL,
    point_count BIGINT NOT NULL,
    nan_count BIGINT NOT NULL,
    max_step BIGINT NOT NULL,
    max_timestamp BIGINT NOT NULL,
    small_points BIGINT NOT NULL,
    PRIMARY KEY (experiment_seq, key, run_seq)
) {{CLUSTERED}};
CREATE INDEX metric_series_by_run ON metric_series (run_seq);

-- The newest points of a series, and the older ones in chunks; both packed as in metrics/series.py.
CREATE TABLE metric_tails (
    workspace_id BIGINT NOT NULL,
    run_seq BIGINT NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    points {{BYTES}} NOT NULL,
    PRIMARY KEY (run_seq, key)
);

CREATE TABLE metric_chunks (
    chunk_id {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    run_seq BIGINT NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    point_count BIGINT NOT NULL,
    min_step BIGINT NOT NULL,
    max_step BIGINT NOT NULL,
    min_timestamp BIGINT NOT NULL,
    max_timestamp BIGINT NOT NULL,
    points {{BYTES}} NOT NULL
);
CREATE INDEX metric_chunks_by_series ON metric_chunks (run_seq, key);

CREATE TABLE datasets (
    dataset_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    digest {{KEYTEXT}} NOT NULL,
    source_type TEXT NOT NULL,
    source TEXT NOT NULL,
    schema_text TEXT,
    profile TEXT
);
CREATE UNIQUE INDEX datasets_by_name ON datasets (experiment_seq, name, digest);

CREATE TABLE inputs (
    workspace_id BIGINT NOT NULL,
    run_seq BIGINT NOT NULL,
    dataset_seq BIGINT NOT NULL,
    PRIMARY KEY (run_seq, dataset_seq)
) {{CLUSTERED}};

CREATE TABLE input_tags (
    workspace_id BIGINT NOT NULL,
    run_seq BIGINT NOT NULL,
    dataset_seq BIGINT NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    value {{KEYTEXT}} NOT NULL,
    PRIMARY KEY (run_seq, dataset_seq, key)
) {{CLUSTERED}};

-- Edges between runs and logged models: `direction` is input or output.
CREATE TABLE run_models (
    workspace_id BIGINT NOT NULL,
    run_seq BIGINT NOT NULL,
    direction TEXT NOT NULL,
    model_id {{KEYTEXT}} NOT NULL,
    step BIGINT NOT NULL,
    PRIMARY KEY (run_seq, direction, model_id)
) {{CLUSTERED}};
CREATE INDEX run_models_by_model ON run_models (model_id);

-- The rendered JSON of a run, as searches answer it.  Absent after a change until somebody asks.
CREATE TABLE run_docs (
    run_seq {{ROWKEY}},
    workspace_id BIGINT NOT NULL,
    doc {{BYTES}} NOT NULL
);

CREATE TABLE changes (
    seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    entity TEXT NOT NULL,
    entity_id {{KEYTEXT}} NOT NULL,
    action TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    detail TEXT
);
CREATE INDEX changes_by_entity ON changes (workspace_id, entity, entity_id, seq)
