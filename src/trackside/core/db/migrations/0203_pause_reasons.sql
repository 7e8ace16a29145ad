-- Why the server paused a schedule or a monitor; empty for those that run, and for those that a user paused.
ALTER TABLE job_schedules ADD COLUMN pause_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE drift_monitors ADD COLUMN pause_reason TEXT NOT NULL DEFAULT '';
