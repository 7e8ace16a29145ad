"""Forwards requests to replicas, over persistent connections on Unix sockets or TCP.

Everything is a callback on the event loop: a task and two futures for each request would take more time than the request.
"""
