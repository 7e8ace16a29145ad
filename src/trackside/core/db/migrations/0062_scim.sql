-- What a directory says of a user or a group beside the name: its own id, and attributes as JSON.
CREATE TABLE scim_resources (
    principal_id BIGINT PRIMARY KEY,
    external_id {{KEYTEXT}} NOT NULL DEFAULT '',
    attributes TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX scim_resources_by_external_id ON scim_resources (external_id);
