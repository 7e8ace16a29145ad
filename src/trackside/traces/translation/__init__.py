"""Attributes of other conventions under MLflow's names, and what the tokens of a model cost."""
