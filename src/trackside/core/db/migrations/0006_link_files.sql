-- What the other side calls the version of a file that both have; empty where it does not say.
ALTER TABLE link_files ADD COLUMN remote_etag TEXT NOT NULL DEFAULT '';
