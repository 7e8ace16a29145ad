"""Webhooks: what happens is told to URLs, chats and mail addresses."""
