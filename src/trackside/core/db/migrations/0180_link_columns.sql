-- Columns of links by the words of the documentation.  `depth`: how thoroughly a queued item is compared.  `queue_position`: its
-- place in the queue, and `next_position` the next one to give.  `backfill_cursor`: how far all items were put into the queue.
-- `unread_changes`: entries of the remote's change log that were not read yet.  `sent_hashes`: hashes of sent points that may move
-- to a later chunk.  `store_generation`: counts how often the remote's store was replaced or restored.
ALTER TABLE link_dirty RENAME COLUMN verify TO depth;
ALTER TABLE link_dirty RENAME COLUMN turn TO queue_position;
ALTER TABLE links RENAME COLUMN turns TO next_position;
ALTER TABLE links RENAME COLUMN to_mark TO backfill_cursor;
ALTER TABLE links RENAME COLUMN unheard TO unread_changes;
ALTER TABLE links RENAME COLUMN epoch TO store_generation;
ALTER TABLE links RENAME COLUMN epoch_at TO store_generation_at;
ALTER TABLE link_items RENAME COLUMN epoch TO store_generation;
ALTER TABLE link_series RENAME COLUMN loose TO sent_hashes
