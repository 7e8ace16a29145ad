-- Bits of what is in a text, for searches of a piece in its middle; -1 where they were not computed: the text is read then.

ALTER TABLE registered_model_tags ADD COLUMN value_grams BIGINT NOT NULL DEFAULT -1;
ALTER TABLE model_versions ADD COLUMN source_grams BIGINT NOT NULL DEFAULT -1;
ALTER TABLE model_version_tags ADD COLUMN value_grams BIGINT NOT NULL DEFAULT -1;
CREATE INDEX registered_model_tags_by_grams ON registered_model_tags (workspace_id, key, model_seq, value_grams);
CREATE INDEX model_versions_by_grams ON model_versions (workspace_id, version_seq, source_grams);
CREATE INDEX model_version_tags_by_grams ON model_version_tags (workspace_id, key, version_seq, value_grams)
