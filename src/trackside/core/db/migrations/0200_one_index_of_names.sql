-- One index has the names of all experiments and keeps those of active ones apart: a new experiment writes one page of names, not two.
-- -1 is the number of no experiment, so that a deleted one stands in nobody's way.
DROP INDEX experiments_by_any_name;
DROP INDEX experiments_by_name;
CREATE UNIQUE INDEX experiments_by_name ON experiments (
    workspace_id, name, (CASE WHEN lifecycle_stage = 'active' THEN -1 ELSE experiment_seq END)
);
