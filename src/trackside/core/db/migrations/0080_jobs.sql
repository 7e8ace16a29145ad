-- Jobs: work that takes longer than a request, the queue of each workspace, logs and schedules.

-- `order_key` is minus the priority, so that one index has the order of the queue.  `attempt` counts starts and fences writes:
-- a server that lost its lease writes nothing more.  `leased_until` is by the database's clock.  `progress` and `result` are JSON.
CREATE TABLE jobs (
    job_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    job_id {{KEYTEXT}} NOT NULL,
    kind {{KEYTEXT}} NOT NULL,
    title TEXT NOT NULL,
    params TEXT NOT NULL,
    state {{KEYTEXT}} NOT NULL,
    reason TEXT NOT NULL,
    order_key BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    timeout_s BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    unique_key {{KEYTEXT}} NOT NULL,
    schedule {{KEYTEXT}} NOT NULL,
    user_name {{KEYTEXT}} NOT NULL,
    principal_id BIGINT,
    is_cancelling BIGINT NOT NULL,
    holder {{KEYTEXT}} NOT NULL,
    leased_until BIGINT NOT NULL,
    token_id BIGINT,
    progress TEXT NOT NULL,
    result TEXT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT
);
CREATE UNIQUE INDEX jobs_by_id ON jobs (workspace_id, job_id);
CREATE INDEX jobs_by_queue ON jobs (workspace_id, state, order_key, job_seq);
CREATE INDEX jobs_by_state ON jobs (state, ended_at);
CREATE UNIQUE INDEX jobs_by_key ON jobs (workspace_id, unique_key) WHERE unique_key <> '' AND state IN ('queued', 'running');

-- One row for each workspace that ever had a job.  A server holds the row while it takes jobs of the workspace, so that no two
-- exceed the limit together.  Without `max_running` the server's option holds.
CREATE TABLE job_queues (
    workspace_id BIGINT PRIMARY KEY,
    max_running BIGINT,
    is_paused BIGINT NOT NULL
);

-- Whole lines, some in a row.
CREATE TABLE job_logs (
    chunk_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    job_seq BIGINT NOT NULL,
    logged_at BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX job_logs_by_job ON job_logs (workspace_id, job_seq, chunk_seq);

-- `cron` or `interval_s` says when.  `computed_at` is when `next_at` was computed: a clock that went back computes it again.
CREATE TABLE job_schedules (
    schedule_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    kind {{KEYTEXT}} NOT NULL,
    params TEXT NOT NULL,
    cron TEXT NOT NULL,
    timezone TEXT NOT NULL,
    interval_s BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    is_paused BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    computed_at BIGINT NOT NULL,
    last_at BIGINT,
    last_job_id TEXT NOT NULL,
    user_name {{KEYTEXT}} NOT NULL,
    principal_id BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX job_schedules_by_name ON job_schedules (workspace_id, name);
CREATE INDEX job_schedules_by_time ON job_schedules (is_paused, next_at)
