"""The files of model versions: their sources, their places, and their removal."""
