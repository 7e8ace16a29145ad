"""Artifacts: files of runs and models, in a folder or in a cloud's object store, and the proxy that carries them."""
