-- Who reads the change log and how far they came, webhooks with what is to be delivered to them, and what several
-- servers of one store must agree on.

ALTER TABLE changes ADD COLUMN user_name {{KEYTEXT}} NOT NULL DEFAULT '';
CREATE INDEX changes_by_workspace ON changes (workspace_id, seq);

CREATE TABLE change_cursors (
    consumer {{KEYTEXT}} PRIMARY KEY,
    seq BIGINT NOT NULL,
    moved_at BIGINT NOT NULL
);
INSERT INTO change_cursors (consumer, seq, moved_at) SELECT 'webhooks', COALESCE(MAX(seq), 0), 0 FROM changes;

-- Work that one server does for all of them, until it stops renewing its claim.
CREATE TABLE leases (
    name {{KEYTEXT}} PRIMARY KEY,
    holder {{KEYTEXT}} NOT NULL,
    expires_at BIGINT NOT NULL
);

-- Which key the secrets of this store are sealed with; the key itself is never stored.
CREATE TABLE sealing_keys (
    purpose {{KEYTEXT}} PRIMARY KEY,
    key_id {{KEYTEXT}} NOT NULL
);

-- `events` is JSON: for each event the number of the change after which it is wanted.  `secret` is sealed.
CREATE TABLE webhooks (
    webhook_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    webhook_id {{KEYTEXT}} NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    description TEXT NOT NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    is_mlflows BIGINT NOT NULL,
    status {{KEYTEXT}} NOT NULL,
    secret {{BYTES}},
    creation_timestamp BIGINT NOT NULL,
    last_updated_timestamp BIGINT NOT NULL
);
CREATE UNIQUE INDEX webhooks_by_id ON webhooks (workspace_id, webhook_id);

-- What a webhook is to be told, in order.  `body` is sent as it stands, however often it is tried.
CREATE TABLE webhook_deliveries (
    delivery_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    webhook_seq BIGINT NOT NULL,
    delivery_id {{KEYTEXT}} NOT NULL,
    change_seq BIGINT NOT NULL,
    event {{KEYTEXT}} NOT NULL,
    body TEXT NOT NULL,
    state {{KEYTEXT}} NOT NULL,
    attempts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    ended_at BIGINT,
    last_status BIGINT,
    last_error TEXT
);
CREATE UNIQUE INDEX webhook_deliveries_by_change ON webhook_deliveries (webhook_seq, change_seq);
CREATE INDEX webhook_deliveries_in_state ON webhook_deliveries (webhook_seq, state, delivery_seq);
CREATE INDEX webhook_deliveries_by_end ON webhook_deliveries (state, ended_at);
