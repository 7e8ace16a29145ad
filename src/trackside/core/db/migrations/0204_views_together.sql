-- The experiments of a view of several, as ids between commas: ',1,2,'.  Empty for a view of one experiment.
ALTER TABLE saved_views ADD COLUMN experiment_ids TEXT NOT NULL DEFAULT '';
CREATE INDEX saved_views_together ON saved_views (workspace_id, experiment_ids) WHERE experiment_ids <> '';
