"""The client of an MLflow server."""
