-- The sums of `quota_usage` by workspace and holder: a quota of a workspace or of the server reads a few rows, not one for each
-- experiment and user.  From here on the holder is the process of PostgreSQL behind the connection, 0 on SQLite.
CREATE TABLE quota_totals (
    workspace_id BIGINT NOT NULL,
    holder BIGINT NOT NULL,
    runs BIGINT NOT NULL,
    points BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, holder)
) {{CLUSTERED}};

INSERT INTO quota_totals (workspace_id, holder, runs, points, size_bytes)
SELECT workspace_id, holder, SUM(runs), SUM(points), SUM(size_bytes) FROM quota_usage GROUP BY workspace_id, holder;
