-- Quotas: limits of a workspace, of users and of experiments, and what each of them uses.

-- `subject` is the name of a user, the id of an experiment, '*' for each user or experiment without a quota of its own, or empty
-- for the workspace.  `level` is the last one that an event told of.
CREATE TABLE quotas (
    workspace_id BIGINT NOT NULL,
    scope {{KEYTEXT}} NOT NULL,
    subject {{KEYTEXT}} NOT NULL,
    measure {{KEYTEXT}} NOT NULL,
    hard_limit BIGINT NOT NULL,
    updated_by {{KEYTEXT}} NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, scope, subject, measure)
);

-- The level of each subject that a quota holds for and that an event told of last: 'warning' or 'exceeded'.
CREATE TABLE quota_levels (
    workspace_id BIGINT NOT NULL,
    scope {{KEYTEXT}} NOT NULL,
    subject {{KEYTEXT}} NOT NULL,
    measure {{KEYTEXT}} NOT NULL,
    level {{KEYTEXT}} NOT NULL,
    PRIMARY KEY (workspace_id, scope, subject, measure)
);

-- Workspaces whose use is counted: those with a quota.  `recount_at` is when a job is to count it again.
CREATE TABLE quota_counts (
    workspace_id BIGINT PRIMARY KEY,
    recount_at BIGINT NOT NULL,
    counted_at BIGINT
);

-- What runs of an owner in an experiment use.  `holder` is the process that counted: two servers never wait for each other's rows.
CREATE TABLE quota_usage (
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    owner {{KEYTEXT}} NOT NULL,
    holder BIGINT NOT NULL,
    runs BIGINT NOT NULL,
    points BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, experiment_seq, owner, holder)
) {{CLUSTERED}};

-- Who created a run, by sign-in or by what the client said; empty for runs of earlier releases and for copies.
ALTER TABLE runs ADD COLUMN owner TEXT NOT NULL DEFAULT '';
