"""Child processes that run users' code: their isolation, and their end when the server ends."""

# Libraries of models send telemetry unless it is disabled.
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}
