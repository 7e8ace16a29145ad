-- The form in which a webhook is told of events (events/envelopes.py), and the form of the body that waits for delivery.
ALTER TABLE webhooks ADD COLUMN format TEXT NOT NULL DEFAULT 'mlflow';
ALTER TABLE webhook_deliveries ADD COLUMN format TEXT NOT NULL DEFAULT 'mlflow';
