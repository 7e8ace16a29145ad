"""The requests that an endpoint answered: inputs and predictions, in Parquet files by hour.

The router offers a request to `recorder` after it has answered: a bounded queue that drops and counts.  A thread appends what is
queued to spool files (`spool`).  A child process (`convert`) turns whole spool files into Parquet, with the column types of
the model's signature (`columns`, `types`), so that neither decoding nor Parquet takes time from the router.  `files` knows the
folders, `store` the settings in the database, `routes` the calls.
"""
