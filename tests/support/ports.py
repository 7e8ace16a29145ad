"""Ports for servers that cannot choose one by themselves."""

import itertools
import os
import socket
from contextlib import closing

# Below those that systems give to outgoing connections and to servers that ask for any port.
FIRST, LAST = 20_000, 32_000
_numbers = itertools.count(os.getpid() * 97)  # other test processes begin elsewhere


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on, another one each time."""
    for number in _numbers:
        port = FIRST + number % (LAST - FIRST)
        with closing(socket.socket()) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError


def is_open(port: int) -> bool:
    """Does a server of this machine listen there?"""
    with closing(socket.socket()) as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
