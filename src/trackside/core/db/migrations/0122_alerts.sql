-- Alert rules, and whether they fire.  `pending_since` is when the threshold was first passed, `fired_at` when the event was recorded.
CREATE TABLE alert_rules (
    rule_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    measure {{KEYTEXT}} NOT NULL,
    target {{KEYTEXT}} NOT NULL,
    above DOUBLE PRECISION NOT NULL,
    window_s BIGINT NOT NULL,
    for_s BIGINT NOT NULL,
    severity {{KEYTEXT}} NOT NULL,
    is_enabled BIGINT NOT NULL,
    state {{KEYTEXT}} NOT NULL,
    value DOUBLE PRECISION,
    pending_since BIGINT,
    fired_at BIGINT,
    checked_at BIGINT,
    created_by {{KEYTEXT}} NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX alert_rules_by_name ON alert_rules (workspace_id, name);
