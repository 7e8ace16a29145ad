-- What the last search for orphans found.  `side` is 'files' for files that no row names, and 'rows' for rows whose files are missing.
-- `root` is empty for the artifact store of the server, else the root that the workspace has of its own.  `key` is the folder or the
-- file in it, and `item_id` the id of the run, logged model, trace or version as far as the key tells.
CREATE TABLE orphans (
    workspace_id BIGINT NOT NULL,
    side {{KEYTEXT}} NOT NULL,
    kind {{KEYTEXT}} NOT NULL,
    root {{KEYTEXT}} NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    item_id {{KEYTEXT}} NOT NULL,
    file_count BIGINT NOT NULL,
    file_bytes BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    found_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, side, kind, root, key)
) {{CLUSTERED}};

CREATE TABLE orphan_searches (
    workspace_id BIGINT PRIMARY KEY,
    searched_at BIGINT NOT NULL,
    file_count BIGINT NOT NULL
);

-- Files that were moved out of the way.  They lie at `workspaces/.quarantine/<entry_id>/<key>`.  `state` is 'moving', 'kept',
-- 'restoring' or 'purging'; a job that is interrupted goes on from it.
CREATE TABLE quarantine (
    workspace_id BIGINT NOT NULL,
    entry_id {{KEYTEXT}} NOT NULL,
    kind {{KEYTEXT}} NOT NULL,
    root {{KEYTEXT}} NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    item_id {{KEYTEXT}} NOT NULL,
    state {{KEYTEXT}} NOT NULL,
    file_count BIGINT NOT NULL,
    file_bytes BIGINT NOT NULL,
    moved_at BIGINT NOT NULL,
    moved_by {{KEYTEXT}} NOT NULL,
    PRIMARY KEY (workspace_id, entry_id)
) {{CLUSTERED}};
