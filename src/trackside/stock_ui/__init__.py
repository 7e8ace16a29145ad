"""The web UI of stock MLflow: its files from an installed mlflow, and the calls that only it makes."""
