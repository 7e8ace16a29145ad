"""MLflow's own web UI, served from an installed mlflow, and the calls that only this UI makes."""
