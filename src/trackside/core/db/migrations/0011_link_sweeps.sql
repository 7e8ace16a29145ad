-- What is still to be marked as to be compared, piece by piece: how thoroughly, what, and after which id; empty: nothing.
ALTER TABLE links ADD COLUMN to_mark TEXT NOT NULL DEFAULT '';
-- When all that the other side had to tell was heard last, and how many entries its log had beyond that.
ALTER TABLE links ADD COLUMN heard_at BIGINT;
ALTER TABLE links ADD COLUMN unheard BIGINT NOT NULL DEFAULT 0;
ALTER TABLE links ADD COLUMN taken_points BIGINT NOT NULL DEFAULT 0;
ALTER TABLE links ADD COLUMN taken_bytes BIGINT NOT NULL DEFAULT 0;
