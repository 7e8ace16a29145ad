-- The line in which items wait to be compared: smaller turns first.  `turns` is where those begin that were given last.
ALTER TABLE links ADD COLUMN turns BIGINT NOT NULL DEFAULT 0;
ALTER TABLE link_dirty ADD COLUMN turn BIGINT NOT NULL DEFAULT 0;

-- What waits since before there were turns keeps its order.
UPDATE link_dirty SET turn = dirty_since;
UPDATE links SET turns = COALESCE((SELECT MAX(turn) FROM link_dirty WHERE link_dirty.link_id = links.link_id), 0);

CREATE INDEX link_dirty_by_turn ON link_dirty (link_id, due_at, turn, entity_id)
