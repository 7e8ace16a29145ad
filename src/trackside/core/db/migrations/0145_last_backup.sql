-- The last backup of the store that succeeded; at most one row.
CREATE TABLE last_backup (
    kind {{KEYTEXT}} PRIMARY KEY,
    backup_id {{KEYTEXT}} NOT NULL,
    ended_at BIGINT NOT NULL
);
