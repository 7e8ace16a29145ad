-- Links: what another workspace shall have too, and how far it has it.

-- `seen_seq` is the last entry of the change log that was looked at; `remote_cursor` the same of the other side, in its words.
-- `secret` is sealed.  `owner` is the server that works on the link until `owned_until`.
CREATE TABLE links (
    link_id {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    mode TEXT NOT NULL,
    options TEXT NOT NULL,
    secret {{BYTES}},
    state TEXT NOT NULL,
    seen_seq BIGINT NOT NULL,
    remote_cursor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_success_at BIGINT,
    last_error TEXT,
    last_error_at BIGINT,
    retry_at BIGINT,
    sent_items BIGINT NOT NULL,
    sent_points BIGINT NOT NULL,
    sent_bytes BIGINT NOT NULL,
    taken_items BIGINT NOT NULL,
    points_per_s DOUBLE PRECISION NOT NULL,
    owner TEXT NOT NULL,
    owned_until BIGINT NOT NULL
);
CREATE UNIQUE INDEX links_by_name ON links (workspace_id, name);

-- What may differ: to be compared.  `generation` grows with each mark, so that one that comes meanwhile is not lost.
-- `entity_id` is the remote's where `is_remote` is 1.
CREATE TABLE link_dirty (
    workspace_id BIGINT NOT NULL,
    link_id BIGINT NOT NULL,
    entity TEXT NOT NULL,
    entity_id {{KEYTEXT}} NOT NULL,
    is_remote BIGINT NOT NULL,
    verify BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    dirty_since BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (link_id, entity, entity_id, is_remote)
) {{CLUSTERED}};

-- Who is who on both sides, and what both agreed on last.  An empty `remote_id`: it was about to be made there.
CREATE TABLE link_items (
    workspace_id BIGINT NOT NULL,
    link_id BIGINT NOT NULL,
    entity TEXT NOT NULL,
    local_id {{KEYTEXT}} NOT NULL,
    remote_id {{KEYTEXT}} NOT NULL,
    made_by TEXT NOT NULL,
    agreed {{BYTES}},
    synced_at BIGINT NOT NULL,
    PRIMARY KEY (link_id, entity, local_id)
) {{CLUSTERED}};
CREATE INDEX link_items_by_remote ON link_items (link_id, entity, remote_id);

-- How far the points of a series went over.  `direction` out: all of our chunks up to `chunk_id` were sent, and the points
-- whose hashes are in `loose`.  in: all of their chunks up to `chunk_id` were taken, when the series looked like `loose`.
CREATE TABLE link_series (
    workspace_id BIGINT NOT NULL,
    link_id BIGINT NOT NULL,
    run_id {{KEYTEXT}} NOT NULL,
    direction TEXT NOT NULL,
    key {{KEYTEXT}} NOT NULL,
    chunk_id BIGINT NOT NULL,
    point_count BIGINT NOT NULL,
    loose {{BYTES}} NOT NULL,
    PRIMARY KEY (link_id, run_id, direction, key)
) {{CLUSTERED}};

-- The files that both sides have.
CREATE TABLE link_files (
    workspace_id BIGINT NOT NULL,
    link_id BIGINT NOT NULL,
    entity TEXT NOT NULL,
    local_id {{KEYTEXT}} NOT NULL,
    path {{KEYTEXT}} NOT NULL,
    size_bytes BIGINT NOT NULL,
    etag TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (link_id, entity, local_id, path)
) {{CLUSTERED}};

CREATE TABLE link_log (
    log_id {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    link_id BIGINT NOT NULL,
    logged_at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    entity TEXT NOT NULL,
    entity_id {{KEYTEXT}} NOT NULL,
    message TEXT NOT NULL
);
CREATE INDEX link_log_by_link ON link_log (workspace_id, link_id, log_id)
