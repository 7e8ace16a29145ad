"""MLflow Projects on the server: a job of kind `project` runs an entry point of a folder of code.

`model` has the parameters, `sources` fetches the code, `describe` reads the project in a separate process, and `service` runs the
job.
"""
