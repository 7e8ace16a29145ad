-- Real-time endpoints: what is wanted (endpoints, deployments) and what runs (replicas).

CREATE TABLE endpoints (
    endpoint_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    auth_mode TEXT NOT NULL,
    description TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    primary_key {{BYTES}},
    secondary_key {{BYTES}},
    primary_hash TEXT,
    secondary_hash TEXT
);
CREATE UNIQUE INDEX endpoints_by_name ON endpoints (workspace_id, name);

-- `traffic` and `mirror` are percentages; `model` says in JSON where the files are, `spec` how they are served.
CREATE TABLE deployments (
    deployment_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    endpoint_seq BIGINT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    traffic BIGINT NOT NULL,
    mirror BIGINT NOT NULL,
    model TEXT NOT NULL,
    spec TEXT NOT NULL,
    generation BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    previous TEXT
);
CREATE UNIQUE INDEX deployments_by_name ON deployments (endpoint_seq, name);
CREATE INDEX deployments_by_workspace ON deployments (workspace_id, endpoint_seq);

-- Processes that one server keeps; a server that begins forgets those that its predecessor kept.
CREATE TABLE replicas (
    replica_id {{KEYTEXT}} PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    deployment_seq BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    holder TEXT NOT NULL,
    address TEXT NOT NULL,
    pid BIGINT,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    started_at BIGINT NOT NULL
);
CREATE INDEX replicas_by_deployment ON replicas (workspace_id, deployment_seq);
