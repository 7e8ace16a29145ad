"""MLflow Projects on the server: a folder of code becomes a job of kind `project`, which runs one of its entry points.

`model` says what is asked for, `sources` brings the code, `describe` reads the project in a process of its own, and `service`
does the work.
"""
