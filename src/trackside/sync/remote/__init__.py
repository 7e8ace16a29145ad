"""Clients of remotes: Trackside, MLflow, Databricks."""
