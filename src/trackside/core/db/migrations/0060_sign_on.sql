-- Sign-in by identity providers (OpenID Connect), and programs that show a provider's JWT.

-- Who a user is at a provider: the subject of an issuer, which never changes and is never given to another person.
CREATE TABLE identities (
    identity_id {{AUTOKEY}},
    principal_id BIGINT NOT NULL,
    issuer {{KEYTEXT}} NOT NULL,
    subject {{KEYTEXT}} NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX identities_by_subject ON identities (issuer, subject);
CREATE INDEX identities_by_principal ON identities (principal_id);

-- A JWT of the issuer with all these claims (JSON: name to text) is the service principal's.
CREATE TABLE trusts (
    trust_id {{AUTOKEY}},
    principal_id BIGINT NOT NULL,
    issuer {{KEYTEXT}} NOT NULL,
    claims TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by {{KEYTEXT}} NOT NULL
);
CREATE INDEX trusts_by_issuer ON trusts (issuer);
CREATE INDEX trusts_by_principal ON trusts (principal_id);

-- Sign-ins under way.  A row is used once: `digest` is of its secret, `browser` of the cookie of the browser that began
-- (empty: a terminal, which polls no sooner than `next_at`).
CREATE TABLE sign_ins (
    digest {{BYTES}} PRIMARY KEY,
    browser {{BYTES}} NOT NULL,
    provider {{KEYTEXT}} NOT NULL,
    next_page TEXT NOT NULL,
    next_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- A session that a provider began: its names there, for sign-out, and its own absolute limit.
ALTER TABLE sessions ADD COLUMN issuer {{KEYTEXT}} NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN subject {{KEYTEXT}} NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN provider_session {{KEYTEXT}} NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN ends_at BIGINT;

-- Who keeps the membership: empty for people, else the provider or the directory that does.
ALTER TABLE group_members ADD COLUMN origin {{KEYTEXT}} NOT NULL DEFAULT '';
