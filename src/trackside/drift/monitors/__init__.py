"""Drift monitors: a baseline and a target that are compared window by window, in jobs.

`model` says what a monitor is, `windows` where windows begin and end, `places` where rows lie.  A child process (`child`) turns
rows into sums (`rows`) and sums into results (`evaluation`); the server keeps both (`store`) and opens and closes
incidents (`incidents`).
"""
