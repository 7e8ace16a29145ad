"""MLflow Projects on the server: a job of kind `project` runs an entry point of a folder of code.

`model` holds the parameters, `sources` fetches the code, `describe` reads the project in a process of its own, and `service` runs
the job.
"""
