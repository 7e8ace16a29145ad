"""Drift monitors: a baseline and a target that are compared window by window, in jobs.

`model` defines monitors, `windows` the bounds of windows, `places` the locations of rows.  A child process (`child`) computes
sums from rows (`rows`) and results from sums (`evaluation`); the server stores both (`store`) and opens and closes incidents
(`incidents`).
"""
