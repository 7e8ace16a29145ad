"""MLflow's GraphQL endpoint: its schema, its limits, and what each query returns."""
