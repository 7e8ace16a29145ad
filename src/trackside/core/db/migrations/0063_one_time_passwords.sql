-- When a password ends that its user must change at the first sign-in (ms); NULL for one that the user chose.
ALTER TABLE principals ADD COLUMN password_ends_at BIGINT;
