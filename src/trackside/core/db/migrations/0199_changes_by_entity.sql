-- Only some actions are looked up by the entity that they are of, see `LOOKED_UP` in core/db/changes.py: a query must say the same
-- condition for the index to be used.  Each other change, such as a new run or a status, would write a page of the index.
{{SQLITE}} DROP INDEX changes_by_entity;
{{SQLITE}} CREATE INDEX changes_by_entity ON changes (workspace_id, entity, entity_id, seq)
{{SQLITE}}     WHERE action IN ('log', 'files', 'remove files', 'removing files', 'import');
