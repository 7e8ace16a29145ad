"""The command line `trackside`.  No other package imports it."""
