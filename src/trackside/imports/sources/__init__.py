"""What an import reads from: a database, a folder or a server of MLflow."""
