-- Endpoints whose request log is on; `sampling` is in millionths.

CREATE TABLE request_logs (
    workspace_id BIGINT NOT NULL,
    endpoint_seq BIGINT NOT NULL,
    sampling BIGINT NOT NULL,
    max_mb BIGINT NOT NULL,
    keep_days BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, endpoint_seq)
);
