-- A link holds deletions until it knows how many there are, and pauses before too many.  `deleted_items` counts those that were
-- let through since `deleted_since` (ms).  `held_items` is how many items the deletion of a queued item would delete, with a name
-- for people; `held_on` is the side: 'here' or 'there'.  `may_delete` is 1 once the deletion is let through.
ALTER TABLE links ADD COLUMN deleted_items BIGINT NOT NULL DEFAULT 0;
ALTER TABLE links ADD COLUMN deleted_since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE link_dirty ADD COLUMN held_items BIGINT NOT NULL DEFAULT 0;
ALTER TABLE link_dirty ADD COLUMN held_on TEXT NOT NULL DEFAULT '';
ALTER TABLE link_dirty ADD COLUMN held_name TEXT NOT NULL DEFAULT '';
ALTER TABLE link_dirty ADD COLUMN may_delete BIGINT NOT NULL DEFAULT 0
