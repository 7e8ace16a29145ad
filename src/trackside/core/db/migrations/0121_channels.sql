-- How long the events of a webhook are collected into one message, and when it is held back (JSON, see events/mutes.py).
ALTER TABLE webhooks ADD COLUMN digest_s BIGINT NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN mute TEXT NOT NULL DEFAULT '{}';
