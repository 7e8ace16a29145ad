-- Where the files of a workspace lie: see `Workspace` and `Reach` in workspaces/model.py.

ALTER TABLE workspaces ADD COLUMN folder {{KEYTEXT}} NOT NULL DEFAULT '';
ALTER TABLE workspaces ADD COLUMN reach TEXT NOT NULL DEFAULT '{}';
UPDATE workspaces SET folder = name WHERE workspace_id <> 1;

-- Every folder that was ever given out, in lower case: a row outlives its workspace.
CREATE TABLE workspace_folders (
    folder {{KEYTEXT}} PRIMARY KEY
);
INSERT INTO workspace_folders (folder) SELECT DISTINCT lower(name) FROM workspaces WHERE workspace_id <> 1
