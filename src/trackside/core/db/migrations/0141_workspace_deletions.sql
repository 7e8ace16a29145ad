-- Workspaces that were deleted with all that is in them.  The workspace has no name any more; a job removes its rows and files, and
-- goes on from here when it was interrupted.  `folder` holds its files in the artifact store.
CREATE TABLE workspace_deletions (
    workspace_id BIGINT PRIMARY KEY,
    uid TEXT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    subscription_id TEXT NOT NULL,
    resource_group TEXT NOT NULL,
    folder TEXT NOT NULL,
    job_id {{KEYTEXT}} NOT NULL,
    requested_by {{KEYTEXT}} NOT NULL,
    principal_id BIGINT,
    requested_at BIGINT NOT NULL,
    finished_at BIGINT,
    file_count BIGINT NOT NULL,
    file_bytes BIGINT NOT NULL,
    row_count BIGINT NOT NULL
);
CREATE INDEX workspace_deletions_by_job ON workspace_deletions (job_id);
