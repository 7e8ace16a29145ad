"""The sources of imports: a database, a folder or a server of MLflow."""
