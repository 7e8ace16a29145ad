"""Webhooks: deliveries of events to URLs, chats and mail addresses."""
