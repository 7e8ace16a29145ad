-- Legal holds.  `object_id` is that of MLflow's API; `name/version` for a model version, empty for the workspace itself.
CREATE TABLE holds (
    workspace_id BIGINT NOT NULL,
    kind {{KEYTEXT}} NOT NULL,
    object_id {{KEYTEXT}} NOT NULL,
    reason TEXT NOT NULL,
    placed_by {{KEYTEXT}} NOT NULL,
    placed_at BIGINT NOT NULL,
    ends_at BIGINT,
    PRIMARY KEY (workspace_id, kind, object_id)
);
