-- What tells the other side's store from another one at the same address, and how often it was found to be another one, or put
-- back to an earlier state: its epoch, and when that was last.  An item says in which epoch it was found there last.
ALTER TABLE links ADD COLUMN store_id TEXT NOT NULL DEFAULT '';
ALTER TABLE links ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE links ADD COLUMN epoch_at BIGINT;
ALTER TABLE link_items ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;

-- Whether something was removed is asked by its uid.
CREATE INDEX model_history_by_uid ON model_history (workspace_id, uid) WHERE uid <> ''
