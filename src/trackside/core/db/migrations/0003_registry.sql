-- The model registry: models by name, their versions, and what became of them.

-- `last_version` counts the versions that were ever made: a number is taken in the transaction that makes the version.
CREATE TABLE registered_models (
    model_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    description TEXT NOT NULL,
    is_prompt BIGINT NOT NULL,
    last_version BIGINT NOT NULL,
    creation_time BIGINT NOT NULL,
    last_updated_time BIGINT NOT NULL
);
CREATE UNIQUE INDEX registered_models_by_name ON registered_models (workspace_id, name);
CREATE INDEX registered_models_in_order ON registered_models (workspace_id, is_prompt, name);
CREATE INDEX registered_models_by_update ON registered_models (workspace_id, is_prompt, last_updated_time DESC, name);

-- A value may be long, longer than an index takes: tags are found by `value_head`, its first 100 characters.
CREATE TABLE registered_model_tags (
    workspace_id BIGINT NOT NULL,
    model_seq BIGINT NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    value {{KEYTEXT}} NOT NULL,
    value_head {{KEYTEXT}} NOT NULL,
    PRIMARY KEY (model_seq, key)
) {{CLUSTERED}};
CREATE INDEX registered_model_tags_by_value ON registered_model_tags (workspace_id, key, value_head);

CREATE TABLE registered_model_aliases (
    workspace_id BIGINT NOT NULL,
    model_seq BIGINT NOT NULL,
    alias {{KEYTEXT}} NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (model_seq, alias)
) {{CLUSTERED}};

-- `name` is the model's, for the orders of searches.  `storage_location` is what clients download from; `files_uri` the
-- same place spelled one way only, and NULL where it is not known.
CREATE TABLE model_versions (
    version_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    model_seq BIGINT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    version BIGINT NOT NULL,
    description TEXT,
    current_stage {{KEYTEXT}} NOT NULL,
    source {{KEYTEXT}} NOT NULL,
    storage_location TEXT NOT NULL,
    files_uri {{KEYTEXT}},
    run_id {{KEYTEXT}} NOT NULL,
    run_link TEXT NOT NULL,
    model_id {{KEYTEXT}} NOT NULL,
    is_prompt BIGINT NOT NULL,
    creation_time BIGINT NOT NULL,
    last_updated_time BIGINT NOT NULL
);
CREATE UNIQUE INDEX model_versions_by_number ON model_versions (model_seq, version);
CREATE INDEX model_versions_by_stage ON model_versions (model_seq, current_stage, version);
CREATE INDEX model_versions_by_name ON model_versions (workspace_id, name, version DESC);
CREATE INDEX model_versions_by_update ON model_versions (workspace_id, is_prompt, last_updated_time DESC, name, version DESC);
CREATE INDEX model_versions_by_creation ON model_versions (workspace_id, is_prompt, creation_time DESC, name, version DESC);
CREATE INDEX model_versions_by_height ON model_versions (workspace_id, is_prompt, version DESC, name);
CREATE INDEX model_versions_by_source ON model_versions (workspace_id, source);
CREATE INDEX model_versions_by_run ON model_versions (workspace_id, run_id);
CREATE INDEX model_versions_by_files ON model_versions (workspace_id, files_uri);
CREATE INDEX model_versions_by_model ON model_versions (workspace_id, model_id) WHERE model_id <> '';

CREATE TABLE model_version_tags (
    workspace_id BIGINT NOT NULL,
    version_seq BIGINT NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    value {{KEYTEXT}} NOT NULL,
    value_head {{KEYTEXT}} NOT NULL,
    PRIMARY KEY (version_seq, key)
) {{CLUSTERED}};
CREATE INDEX model_version_tags_by_value ON model_version_tags (workspace_id, key, value_head);

-- What happened to names, versions, stages and aliases.  Rows are only ever added, and outlive what they tell of.
-- `kind` is model (before and after are names), version (stages), stage (stages) or alias (versions).
CREATE TABLE model_history (
    history_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    model_seq BIGINT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    kind TEXT NOT NULL,
    version BIGINT,
    alias {{KEYTEXT}},
    before_value {{KEYTEXT}},
    after_value {{KEYTEXT}},
    changed_at BIGINT NOT NULL,
    user_name {{KEYTEXT}} NOT NULL,
    comment TEXT NOT NULL,
    request_id BIGINT
);
CREATE INDEX model_history_by_model ON model_history (workspace_id, model_seq, history_seq);
CREATE INDEX model_history_by_name ON model_history (workspace_id, name, model_seq);

-- The stages of a workspace in their order; no row at all: MLflow's four.
CREATE TABLE registry_stages (
    workspace_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    needs_approval BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, position)
);

CREATE TABLE stage_requests (
    request_id {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    model_seq BIGINT NOT NULL,
    version BIGINT NOT NULL,
    stage {{KEYTEXT}} NOT NULL,
    archive_existing BIGINT NOT NULL,
    status {{KEYTEXT}} NOT NULL,
    comment TEXT NOT NULL,
    requested_by {{KEYTEXT}} NOT NULL,
    requested_at BIGINT NOT NULL,
    decided_by {{KEYTEXT}},
    decided_at BIGINT,
    decision_comment TEXT
);
CREATE INDEX stage_requests_by_version ON stage_requests (workspace_id, model_seq, version, request_id);
CREATE INDEX stage_requests_by_status ON stage_requests (workspace_id, status, request_id);

-- Who needs a version, such as an endpoint that serves it: while a row stands, the version stays.
CREATE TABLE model_uses (
    workspace_id BIGINT NOT NULL,
    kind {{KEYTEXT}} NOT NULL,
    user_name {{KEYTEXT}} NOT NULL,
    model_seq BIGINT NOT NULL,
    version BIGINT NOT NULL,
    used_since BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, kind, user_name, model_seq, version)
) {{CLUSTERED}};
CREATE INDEX model_uses_by_model ON model_uses (model_seq, version);

-- Files that no version needs any more and that are yet to be removed.
CREATE TABLE file_deletions (
    deletion_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    files_uri {{KEYTEXT}} NOT NULL,
    requested_at BIGINT NOT NULL
);
CREATE INDEX file_deletions_by_uri ON file_deletions (workspace_id, files_uri)
