"""Batch scoring: jobs of kind `score` add a model's predictions to a table.

`model` has the parameters, `places` checks the locations of tables, `lineage` records a job in a run, and `service` runs the job:
a child process runs `trackside.scorer.batch` in the model's own environment.  `profile` and `profiling` do the same for jobs of
kind `profile`, which measure how a model serves requests.
"""
