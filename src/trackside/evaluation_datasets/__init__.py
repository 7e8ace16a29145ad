"""Evaluation datasets of MLflow 3.4 on, and their records."""
