"""Batch scoring: jobs of kind `score` add a model's predictions to a table.

`model` holds the parameters, `places` decides where tables may lie, `lineage` records what the job did in a run, and `service`
runs the job: the model's own environment runs `trackside.scorer.batch` in a child process.  `profile` and `profiling` do the
same for jobs of kind `profile`, which measure how a model serves requests.
"""
