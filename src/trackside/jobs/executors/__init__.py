"""Executors that run the processes of jobs: on this machine or on a Ray cluster."""
