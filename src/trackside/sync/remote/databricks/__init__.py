"""The client of a Databricks workspace: MLflow's calls, with its own files, registry and sign-in."""
