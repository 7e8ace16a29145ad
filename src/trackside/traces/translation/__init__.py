"""Maps attributes of other conventions to MLflow's names, and computes the cost of model calls."""
