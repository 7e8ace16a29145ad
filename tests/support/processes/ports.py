"""Ports for servers that cannot choose one by themselves, or come back on the one that they had."""

import fcntl
import functools
import itertools
import os
import random
import socket
import tempfile
from contextlib import closing
from pathlib import Path

# Below those that systems give to outgoing connections and to servers that ask for any port.
FIRST, LAST = 20_000, 32_000
_numbers = itertools.count(random.SystemRandom().randrange(LAST - FIRST))


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on, another one each time.

    It is this process's until that ends: no other test process gets it, also while no server listens on it."""
    for number in itertools.islice(_numbers, LAST - FIRST):
        port = FIRST + number % (LAST - FIRST)
        with closing(socket.socket()) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                fcntl.lockf(_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"no port between {FIRST} and {LAST} is free")


def is_open(port: int) -> bool:
    """Does a server of this machine listen there?"""
    with closing(socket.socket()) as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@functools.cache
def _locks() -> int:
    """A file that the test processes of a user share: who has locked the byte of that number has the port."""
    path = Path(tempfile.gettempdir(), f"trackside-test-ports-{os.getuid()}")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
