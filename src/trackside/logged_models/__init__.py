"""Models as trainings log them: files, params, tags and metrics, before they are registered."""
