-- Permanent deletions: one row from the first portion to the last.  `target` is the JSON of what was asked for.
CREATE TABLE deletions (
    deletion_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    kind {{KEYTEXT}} NOT NULL,
    target {{KEYTEXT}} NOT NULL,
    requested_by {{KEYTEXT}} NOT NULL,
    requested_at BIGINT NOT NULL,
    finished_at BIGINT,
    file_count BIGINT NOT NULL,
    file_bytes BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    row_bytes BIGINT NOT NULL
);
CREATE UNIQUE INDEX deletions_open ON deletions (workspace_id, target) WHERE finished_at IS NULL;

-- Runs and logged models that were deleted permanently.  No link and no import creates one of the same id again.
CREATE TABLE tombstones (
    workspace_id BIGINT NOT NULL,
    entity {{KEYTEXT}} NOT NULL,
    entity_id {{KEYTEXT}} NOT NULL,
    deleted_at BIGINT NOT NULL,
    deleted_by {{KEYTEXT}} NOT NULL,
    PRIMARY KEY (workspace_id, entity, entity_id)
) {{CLUSTERED}};
