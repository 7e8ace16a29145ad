-- The reason of a job's state as data (JSON), which the web UI shows in its language; empty for jobs that ended before.
ALTER TABLE jobs ADD COLUMN cause TEXT NOT NULL DEFAULT '';
