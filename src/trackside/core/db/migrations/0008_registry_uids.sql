-- What a registered model and a version are called by, whatever name or number they have: the same wherever they are mirrored.
-- An empty one: it is not mirrored.  The history keeps a version's, since a number may be given to it again, but to no other.

ALTER TABLE registered_models ADD COLUMN uid {{KEYTEXT}} NOT NULL DEFAULT '';
ALTER TABLE model_versions ADD COLUMN uid {{KEYTEXT}} NOT NULL DEFAULT '';
ALTER TABLE model_history ADD COLUMN uid {{KEYTEXT}};
UPDATE registered_models SET uid = {{UID}};
UPDATE model_versions SET uid = {{UID}};
UPDATE model_history SET uid = (
    SELECT v.uid FROM model_versions v WHERE v.model_seq = model_history.model_seq AND v.version = model_history.version
) WHERE kind = 'version';
CREATE UNIQUE INDEX registered_models_by_uid ON registered_models (workspace_id, uid) WHERE uid <> '';
CREATE UNIQUE INDEX model_versions_by_uid ON model_versions (workspace_id, uid) WHERE uid <> ''
