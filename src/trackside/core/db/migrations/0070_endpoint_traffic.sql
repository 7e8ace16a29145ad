-- What the router counted: requests, errors and a latency histogram of each deployment by minute and server process.

CREATE TABLE endpoint_minutes (
    workspace_id BIGINT NOT NULL,
    endpoint {{KEYTEXT}} NOT NULL,
    deployment {{KEYTEXT}} NOT NULL,
    minute BIGINT NOT NULL,
    holder {{KEYTEXT}} NOT NULL,
    requests BIGINT NOT NULL,
    client_errors BIGINT NOT NULL,
    server_errors BIGINT NOT NULL,
    buckets TEXT NOT NULL,
    PRIMARY KEY (workspace_id, endpoint, deployment, minute, holder)
);
CREATE INDEX endpoint_minutes_by_time ON endpoint_minutes (minute);
