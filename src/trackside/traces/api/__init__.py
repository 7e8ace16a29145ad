"""HTTP's side of traces: MLflow's calls of version 3 and 2, and OTLP."""
