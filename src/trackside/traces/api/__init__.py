"""The HTTP calls of traces: MLflow's versions 3 and 2, and OTLP."""
