"""Child processes that run what users bring: isolation, and an end with the server."""

# Libraries of models send telemetry unless they are told not to.
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}
