-- What MLflow's clients keep beside traces: scorers, the questions and queues of reviewers, and issues.

-- A scorer's versions are numbered from 1.  `config_id`, `sample_rate` and `filter_text` are its settings for automatic evaluation,
-- NULL if it has none.
CREATE TABLE scorers (
    scorer_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    scorer_id {{KEYTEXT}} NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    created_at BIGINT NOT NULL,
    config_id {{KEYTEXT}},
    sample_rate DOUBLE PRECISION,
    filter_text TEXT
);
CREATE UNIQUE INDEX scorers_by_id ON scorers (workspace_id, scorer_id);
CREATE UNIQUE INDEX scorers_by_name ON scorers (experiment_seq, name);

-- `serialized` is JSON, as the client sent it.
CREATE TABLE scorer_versions (
    workspace_id BIGINT NOT NULL,
    scorer_seq BIGINT NOT NULL,
    version BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    serialized TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scorer_seq, version)
) {{CLUSTERED}};
CREATE INDEX scorer_versions_by_experiment ON scorer_versions (experiment_seq);

-- `input` is JSON.  The default question of an experiment has no row.
CREATE TABLE label_schemas (
    schema_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    schema_id {{KEYTEXT}} NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    type {{KEYTEXT}} NOT NULL,
    instruction TEXT,
    enable_comment BIGINT NOT NULL,
    input TEXT NOT NULL,
    created_by {{KEYTEXT}},
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX label_schemas_by_id ON label_schemas (workspace_id, schema_id);
CREATE UNIQUE INDEX label_schemas_by_name ON label_schemas (experiment_seq, name);

-- `name_key` is the name in lower case.  `schema_ids` is a JSON list; a deleted schema's id stays in it.
CREATE TABLE review_queues (
    queue_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    queue_id {{KEYTEXT}} NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    name_key {{KEYTEXT}} NOT NULL,
    queue_type {{KEYTEXT}} NOT NULL,
    created_by {{KEYTEXT}},
    schema_ids TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX review_queues_by_id ON review_queues (workspace_id, queue_id);
CREATE UNIQUE INDEX review_queues_by_name ON review_queues (experiment_seq, name_key);

CREATE TABLE review_queue_users (
    workspace_id BIGINT NOT NULL,
    queue_seq BIGINT NOT NULL,
    user_name {{KEYTEXT}} NOT NULL,
    experiment_seq BIGINT NOT NULL,
    PRIMARY KEY (queue_seq, user_name)
) {{CLUSTERED}};
CREATE INDEX review_queue_users_by_experiment ON review_queue_users (experiment_seq);

CREATE TABLE review_queue_items (
    workspace_id BIGINT NOT NULL,
    queue_seq BIGINT NOT NULL,
    trace_seq BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    status {{KEYTEXT}} NOT NULL,
    completed_by {{KEYTEXT}},
    completed_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (queue_seq, trace_seq)
) {{CLUSTERED}};
CREATE INDEX review_queue_items_by_trace ON review_queue_items (trace_seq);
CREATE INDEX review_queue_items_by_experiment ON review_queue_items (experiment_seq);

-- `root_causes` and `categories` are JSON lists of texts.  `severity` is a rank from 0, NULL if it is not known.
CREATE TABLE trace_issues (
    issue_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    issue_id {{KEYTEXT}} NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    description TEXT NOT NULL,
    status {{KEYTEXT}} NOT NULL,
    severity BIGINT,
    root_causes TEXT NOT NULL,
    categories TEXT NOT NULL,
    source_run_id {{KEYTEXT}},
    created_by {{KEYTEXT}},
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX trace_issues_by_id ON trace_issues (workspace_id, issue_id);
CREATE INDEX trace_issues_by_experiment ON trace_issues (experiment_seq, created_at);
