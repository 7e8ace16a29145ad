"""Drift: how much a table differs from a reference, column by column.

`tables` reads Parquet and CSV.  `binning` and `distances` are formulas.  `signals` computes all signals of a column, `rules`
decides what has drifted, `comparison` combines these, and `report` writes HTML.  This package is independent of the server.
"""
