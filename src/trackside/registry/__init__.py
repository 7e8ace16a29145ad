"""The model registry: models by name, versions, stages, aliases, and their history."""
