"""The requests of an endpoint: inputs and predictions, in Parquet files by hour.

The router offers a request to `recorder` after it has answered: a bounded queue that drops and counts.  A thread appends the
queued requests to spool files (`spool`).  A child process (`convert`) turns complete spool files into Parquet, with the column
types of the model's signature (`columns`, `types`), so that neither decoding nor Parquet takes time from the router.  `files` has
the folder layout, `store` the settings in the database, `routes` the calls.
"""
