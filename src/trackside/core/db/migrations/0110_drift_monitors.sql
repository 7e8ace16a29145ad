-- Drift monitors: what they compare, the sums and results of their windows, incidents, and labels that came later.

-- `config` is JSON.  `next_at` is when the next window can be computed, 0 for never; `computed_at` is when that was decided: a clock
-- that went back decides again.  `baseline_key` names the baseline that `drift_baselines` holds.
CREATE TABLE drift_monitors (
    monitor_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    config TEXT NOT NULL,
    is_scheduled BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    computed_at BIGINT NOT NULL,
    baseline_key {{KEYTEXT}} NOT NULL,
    note TEXT NOT NULL,
    user_name {{KEYTEXT}} NOT NULL,
    principal_id BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX drift_monitors_by_name ON drift_monitors (workspace_id, name);
CREATE INDEX drift_monitors_by_time ON drift_monitors (is_scheduled, next_at);

-- What is known of a baseline: its sums, and what only its rows tell.  `slice` is empty for all rows.
CREATE TABLE drift_baselines (
    workspace_id BIGINT NOT NULL,
    monitor_seq BIGINT NOT NULL,
    slice {{KEYTEXT}} NOT NULL,
    sums {{BYTES}} NOT NULL,
    extra {{BYTES}},
    PRIMARY KEY (monitor_seq, slice)
);

-- One row for each window and slice, replaced as a whole: a window counts once, however often it is computed.  `scores` is what
-- a timeline needs of `result`; both are JSON.
CREATE TABLE drift_windows (
    workspace_id BIGINT NOT NULL,
    monitor_seq BIGINT NOT NULL,
    slice {{KEYTEXT}} NOT NULL,
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    is_complete BIGINT NOT NULL,
    is_stale BIGINT NOT NULL,
    computed_at BIGINT NOT NULL,
    job_id {{KEYTEXT}} NOT NULL,
    sums {{BYTES}} NOT NULL,
    scores TEXT NOT NULL,
    result TEXT NOT NULL,
    PRIMARY KEY (monitor_seq, slice, start_at)
);

-- One row for each time that a column drifted, from the window that opened the incident to the one that closed it.
CREATE TABLE drift_incidents (
    incident_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    monitor_seq BIGINT NOT NULL,
    slice {{KEYTEXT}} NOT NULL,
    column_name {{KEYTEXT}} NOT NULL,
    subject {{KEYTEXT}} NOT NULL,
    opened_at BIGINT NOT NULL,
    closed_at BIGINT,
    detail TEXT NOT NULL,
    notified_at BIGINT NOT NULL,
    notices BIGINT NOT NULL
);
CREATE UNIQUE INDEX drift_incidents_by_column ON drift_incidents (monitor_seq, slice, column_name, subject, opened_at);
CREATE INDEX drift_incidents_open ON drift_incidents (workspace_id, closed_at);

-- Labels of rows that an endpoint scored, by request id and the row's place in the request.  `request_at` is the request's time.
CREATE TABLE drift_labels (
    workspace_id BIGINT NOT NULL,
    endpoint_seq BIGINT NOT NULL,
    request_id {{KEYTEXT}} NOT NULL,
    row_number BIGINT NOT NULL,
    request_at BIGINT NOT NULL,
    label TEXT NOT NULL,
    labelled_at BIGINT NOT NULL,
    PRIMARY KEY (endpoint_seq, request_id, row_number)
);
CREATE INDEX drift_labels_by_time ON drift_labels (endpoint_seq, request_at);
