-- Deleted traces stay in the trash until they are purged.  There their `experiment_seq`, and that of their spans and assessments, is
-- `-1 - experiment_seq`: no experiment has that key, so only a query about the trash finds them.  `trash_seq` is 0, or in the trash
-- the trace's own key, so that a new trace may have the id of a deleted one.
ALTER TABLE traces ADD COLUMN deleted_at BIGINT;
ALTER TABLE traces ADD COLUMN trash_seq BIGINT NOT NULL DEFAULT 0;
DROP INDEX traces_by_id;
CREATE UNIQUE INDEX traces_by_id ON traces (workspace_id, trace_id, trash_seq);
DROP INDEX trace_assessments_by_id;
CREATE UNIQUE INDEX trace_assessments_by_id ON trace_assessments (workspace_id, assessment_id, trace_seq);
CREATE INDEX traces_in_trash ON traces (workspace_id, deleted_at) WHERE deleted_at IS NOT NULL;
