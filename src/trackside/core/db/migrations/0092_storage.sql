-- What takes space, counted by a job: a row for each run, logged model and model version with files of its own.  `scan` numbers the
-- count; rows of the one in `storage_scans` are shown, others belong to a count that is under way or was interrupted.
CREATE TABLE storage_items (
    workspace_id BIGINT NOT NULL,
    scan BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    kind {{KEYTEXT}} NOT NULL,
    item_id {{KEYTEXT}} NOT NULL,
    owner {{KEYTEXT}} NOT NULL,
    created_at BIGINT NOT NULL,
    is_deleted BIGINT NOT NULL,
    file_count BIGINT NOT NULL,
    file_bytes BIGINT NOT NULL,
    row_bytes BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, scan, experiment_seq, kind, item_id)
) {{CLUSTERED}};

CREATE TABLE storage_scans (
    workspace_id BIGINT PRIMARY KEY,
    scan BIGINT NOT NULL,
    counted_at BIGINT NOT NULL
);
