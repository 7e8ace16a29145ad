-- In whose name a link or a webhook acts; NULL: made while the server had no users, or by the operator.
ALTER TABLE links ADD COLUMN principal_id BIGINT;
ALTER TABLE webhooks ADD COLUMN principal_id BIGINT;
