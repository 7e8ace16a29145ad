"""Artifacts: the files of runs and models in a folder or an object store, and the proxy that transfers them."""
