-- Who may call the server, with what, and to do what.  The audit log of changes to that.

-- One row.  `generation` grows with every change of users, groups, tokens, sessions, roles and assignments: servers drop
-- what they remember when it has grown.
CREATE TABLE access_state (
    state_id BIGINT PRIMARY KEY,
    generation BIGINT NOT NULL
);

-- The end of the audit log: without it a removed end could not be told from a log that never had one.
CREATE TABLE audit_head (
    head_id BIGINT PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash {{KEYTEXT}} NOT NULL
);

-- Users, groups, service principals, and the roles of MLflow's auth API, which are groups with rights in one workspace.
CREATE TABLE principals (
    principal_id {{AUTOKEY}},
    kind {{KEYTEXT}} NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    home {{KEYTEXT}} NOT NULL DEFAULT '',
    display_name TEXT NOT NULL DEFAULT '',
    is_admin BIGINT NOT NULL DEFAULT 0,
    is_disabled BIGINT NOT NULL DEFAULT 0,
    password_hash TEXT,
    password_changed_at BIGINT,
    created_at BIGINT NOT NULL,
    last_login_at BIGINT
);
CREATE UNIQUE INDEX principals_by_name ON principals (home, name);

CREATE TABLE group_members (
    membership_id {{AUTOKEY}},
    group_id BIGINT NOT NULL,
    member_id BIGINT NOT NULL
);
CREATE UNIQUE INDEX group_members_by_group ON group_members (group_id, member_id);
CREATE INDEX group_members_by_member ON group_members (member_id);

-- Of a token only the SHA-256 is kept.  `scope` is what it may be used for: read, write or admin, in one place or in all.
CREATE TABLE tokens (
    token_id {{AUTOKEY}},
    principal_id BIGINT NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    shown {{KEYTEXT}} NOT NULL,
    digest {{BYTES}} NOT NULL,
    scope {{KEYTEXT}} NOT NULL,
    place {{KEYTEXT}} NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    last_address TEXT
);
CREATE UNIQUE INDEX tokens_by_digest ON tokens (digest);
CREATE UNIQUE INDEX tokens_by_name ON tokens (principal_id, name);

CREATE TABLE sessions (
    session_id {{AUTOKEY}},
    principal_id BIGINT NOT NULL,
    digest {{BYTES}} NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE UNIQUE INDEX sessions_by_digest ON sessions (digest);
CREATE INDEX sessions_by_principal ON sessions (principal_id);

-- Custom roles, as Azure's JSON writes them.  The three lists are JSON.
CREATE TABLE roles (
    role_id {{KEYTEXT}} PRIMARY KEY,
    name {{KEYTEXT}} NOT NULL,
    description TEXT NOT NULL,
    actions TEXT NOT NULL,
    not_actions TEXT NOT NULL,
    assignable_scopes TEXT NOT NULL
);
CREATE UNIQUE INDEX roles_by_name ON roles (name);

-- A role, or what is denied (`actions`, `not_actions`), for a principal at a place.  An empty column does not narrow it:
-- the place of a workspace is its name alone, for names are unique.  `everybody` is principal 0.
CREATE TABLE assignments (
    assignment_id {{AUTOKEY}},
    principal_id BIGINT NOT NULL,
    role_id {{KEYTEXT}} NOT NULL,
    is_denial BIGINT NOT NULL,
    subscription {{KEYTEXT}} NOT NULL,
    resource_group {{KEYTEXT}} NOT NULL,
    workspace {{KEYTEXT}} NOT NULL,
    object_type {{KEYTEXT}} NOT NULL,
    object_id {{KEYTEXT}} NOT NULL,
    created_at BIGINT NOT NULL,
    created_by {{KEYTEXT}} NOT NULL
);
CREATE UNIQUE INDEX assignments_by_principal ON assignments
    (principal_id, workspace, object_type, object_id, subscription, resource_group, is_denial, role_id);
CREATE INDEX assignments_by_object ON assignments (workspace, object_type, object_id);

-- Each row's hash covers the row and the hash before it.
CREATE TABLE audit_log (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor {{KEYTEXT}} NOT NULL,
    credential {{KEYTEXT}} NOT NULL,
    action {{KEYTEXT}} NOT NULL,
    object_type {{KEYTEXT}} NOT NULL,
    object_id TEXT NOT NULL,
    workspace {{KEYTEXT}} NOT NULL,
    outcome {{KEYTEXT}} NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    route TEXT NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    previous_hash {{KEYTEXT}} NOT NULL,
    hash {{KEYTEXT}} NOT NULL
);
CREATE INDEX audit_log_by_actor ON audit_log (actor, seq);
CREATE INDEX audit_log_by_action ON audit_log (action, seq);
