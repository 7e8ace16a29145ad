"""Runs as a table: windows of rows with chosen columns, for one page of a user interface."""
