-- Whether a version's files lie in a folder that model versions alone have: such files are theirs to delete.

ALTER TABLE model_versions ADD COLUMN has_own_folder BIGINT NOT NULL DEFAULT 0;
UPDATE model_versions SET has_own_folder = 1 WHERE uid <> '' AND files_uri LIKE '%/registry/' || uid
