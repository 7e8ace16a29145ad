"""Filters and orders of traces: MLflow's grammar, as SQL where columns answer it and as a scan of bodies where they do not."""
