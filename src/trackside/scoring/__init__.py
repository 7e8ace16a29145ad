"""Batch scoring: a table in, the same table with the predictions of a model out, as a job of kind `score`.

`model` says what is asked for, `places` where tables may lie, `lineage` what the run of a job tells, and `service` does the
work: the model's own environment runs `trackside.scorer.batch` in a child process.  `profile` and `profiling` do the same for
jobs of kind `profile`, which measure how a model serves requests.
"""
