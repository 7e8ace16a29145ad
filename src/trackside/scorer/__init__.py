"""The process that serves one MLflow model over HTTP.

The scorer runs in the model's own environment, which has `mlflow` and the model's requirements but not Trackside.  It imports
the standard library, `httptools`, `uvloop` where it is installed, and MLflow; nothing of the server.  `python <this folder>`
starts it.

A request is read in `payloads`, waits in `engine`, is evaluated by `model`, and is encoded by `answers`; `http` speaks HTTP,
and `multiplexed` the frames of the router of a server.
"""
