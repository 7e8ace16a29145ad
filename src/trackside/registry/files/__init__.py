"""The files of model versions: their sources, locations and removal."""
