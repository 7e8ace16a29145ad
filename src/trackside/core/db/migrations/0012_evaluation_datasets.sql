-- Evaluation datasets: named sets of inputs with what is expected of a model for each.  Names need not be unique.

CREATE TABLE evaluation_datasets (
    evaluation_dataset_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    dataset_id {{KEYTEXT}} NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    digest TEXT NOT NULL,
    schema_text TEXT, -- JSON; NULL as long as nobody gave a record
    record_count BIGINT NOT NULL,
    created_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL,
    created_by {{KEYTEXT}},
    last_updated_by {{KEYTEXT}}
);
CREATE UNIQUE INDEX evaluation_datasets_by_id ON evaluation_datasets (workspace_id, dataset_id);
CREATE INDEX evaluation_datasets_by_name ON evaluation_datasets (workspace_id, name);
CREATE INDEX evaluation_datasets_by_creation ON evaluation_datasets (workspace_id, created_time DESC, dataset_id DESC);

CREATE TABLE evaluation_dataset_tags (
    workspace_id BIGINT NOT NULL,
    evaluation_dataset_seq BIGINT NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    value {{KEYTEXT}},
    PRIMARY KEY (evaluation_dataset_seq, key)
) {{CLUSTERED}};

-- Which experiments a dataset is for.
CREATE TABLE evaluation_dataset_experiments (
    workspace_id BIGINT NOT NULL,
    evaluation_dataset_seq BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (evaluation_dataset_seq, experiment_seq)
) {{CLUSTERED}};
CREATE INDEX evaluation_dataset_experiments_by_experiment
    ON evaluation_dataset_experiments (experiment_seq, evaluation_dataset_seq);

-- One record for each hash of inputs.  What is JSON here goes out as it lies.
CREATE TABLE evaluation_dataset_records (
    record_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    evaluation_dataset_seq BIGINT NOT NULL,
    record_id {{KEYTEXT}} NOT NULL,
    input_hash {{KEYTEXT}} NOT NULL,
    inputs TEXT NOT NULL,
    outputs TEXT,
    expectations TEXT,
    tags TEXT NOT NULL,
    source TEXT,
    source_id TEXT,
    source_type TEXT,
    created_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL,
    created_by TEXT,
    last_updated_by TEXT
);
CREATE UNIQUE INDEX evaluation_dataset_records_by_inputs
    ON evaluation_dataset_records (evaluation_dataset_seq, input_hash);
CREATE UNIQUE INDEX evaluation_dataset_records_by_id
    ON evaluation_dataset_records (evaluation_dataset_seq, record_id);
CREATE INDEX evaluation_dataset_records_in_order ON evaluation_dataset_records (evaluation_dataset_seq, record_seq);
