"""Requests from the server to replicas, over Unix sockets or TCP, on connections that are kept.

Everything is a callback on the event loop: a task and two futures for each request would cost more than the request.
"""
