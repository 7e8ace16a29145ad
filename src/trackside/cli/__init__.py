"""The command line: what an operator starts and asks.  Nothing else imports it."""
