-- What a webhook sends as its header Authorization, sealed.
ALTER TABLE webhooks ADD COLUMN authorization_header {{BYTES}};
