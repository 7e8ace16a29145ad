-- Whether changes of single traces are announced in the change log: somebody mirrors the traces of the workspace, or did.
ALTER TABLE workspaces ADD COLUMN traces_watched BIGINT NOT NULL DEFAULT 0;
UPDATE workspaces SET traces_watched = 1 WHERE workspace_id IN (SELECT workspace_id FROM links);
