-- A deleted experiment keeps its name, and does not keep others from it.
DROP INDEX experiments_by_name;
CREATE UNIQUE INDEX experiments_by_name ON experiments (workspace_id, name) WHERE lifecycle_stage = 'active';
CREATE INDEX experiments_by_any_name ON experiments (workspace_id, name);
