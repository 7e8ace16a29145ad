"""A single connection to PostgreSQL: libpq, binary values, pipelined statements.  It contains nothing about transactions of
Trackside or tables.
"""
