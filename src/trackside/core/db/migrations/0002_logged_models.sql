-- Logged models: what a training made, with its own params, tags and metrics, before anybody registers it.

CREATE TABLE logged_models (
    model_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    model_id {{KEYTEXT}} NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    model_type {{KEYTEXT}} NOT NULL,
    source_run_id {{KEYTEXT}} NOT NULL,
    status {{KEYTEXT}} NOT NULL,
    status_message TEXT,
    lifecycle_stage TEXT NOT NULL,
    artifact_uri {{KEYTEXT}} NOT NULL,
    creation_timestamp_ms BIGINT NOT NULL,
    last_updated_timestamp_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX logged_models_by_id ON logged_models (workspace_id, model_id);
CREATE INDEX logged_models_by_creation
    ON logged_models (workspace_id, experiment_seq, lifecycle_stage, creation_timestamp_ms DESC, model_id);
CREATE INDEX logged_models_by_name
    ON logged_models (workspace_id, experiment_seq, lifecycle_stage, name, creation_timestamp_ms DESC, model_id);
CREATE INDEX logged_models_by_run ON logged_models (workspace_id, source_run_id);

CREATE TABLE logged_model_params (
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    model_seq BIGINT NOT NULL,
    value {{KEYTEXT}} NOT NULL,
    PRIMARY KEY (experiment_seq, key, model_seq)
) {{CLUSTERED}};
CREATE INDEX logged_model_params_by_model ON logged_model_params (model_seq);

CREATE TABLE logged_model_tags (
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    model_seq BIGINT NOT NULL,
    value {{KEYTEXT}} NOT NULL,
    PRIMARY KEY (experiment_seq, key, model_seq)
) {{CLUSTERED}};
CREATE INDEX logged_model_tags_by_model ON logged_model_tags (model_seq);

-- The datasets that metrics name.  A metric may name one that no run ever logged.
CREATE TABLE logged_model_datasets (
    dataset_key {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    digest {{KEYTEXT}} NOT NULL
);
CREATE UNIQUE INDEX logged_model_datasets_by_name ON logged_model_datasets (experiment_seq, name, digest);

-- The points of a model, as a set: the same point logged twice is one.  `dataset_key` is 0 where a point names no dataset.
CREATE TABLE logged_model_points (
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    model_seq BIGINT NOT NULL,
    logged_at BIGINT NOT NULL,
    step BIGINT NOT NULL,
    run_seq BIGINT NOT NULL,
    dataset_key BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    is_nan BIGINT NOT NULL,
    PRIMARY KEY (experiment_seq, key, model_seq, logged_at, step, run_seq, dataset_key, value, is_nan)
) {{CLUSTERED}};
CREATE INDEX logged_model_points_by_model ON logged_model_points (model_seq);

-- The newest of them, by which models are ordered: of all points (`dataset_key` 0), and of those on each dataset.
CREATE TABLE logged_model_latest (
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    model_seq BIGINT NOT NULL,
    dataset_key BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    is_nan BIGINT NOT NULL,
    logged_at BIGINT NOT NULL,
    step BIGINT NOT NULL,
    run_seq BIGINT NOT NULL,
    PRIMARY KEY (experiment_seq, key, model_seq, dataset_key)
) {{CLUSTERED}};
CREATE INDEX logged_model_latest_by_model ON logged_model_latest (model_seq);
