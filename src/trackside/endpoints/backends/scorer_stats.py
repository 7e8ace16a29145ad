"""Reads the counters of a scorer over its Unix socket.

A scorer runs the model's code, so its answer is not trusted: it must arrive in time, be short and have the known fields.
"""

import socket
import time

import msgspec
from msgspec import Struct

TIMEOUT_S = 1.0
MOST_BYTES = 64 << 10
_REQUEST = b"GET /stats HTTP/1.1\r\nhost: scorer\r\nconnection: close\r\n\r\n"


class Stats(Struct, frozen=True):
    stuck_s: float = 0.0  # duration of the longest running evaluation


def ask(path: str) -> Stats | None:
    """Return the counters; None while the scorer does not answer."""
    until = time.monotonic() + TIMEOUT_S
    pieces = bytearray()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.settimeout(TIMEOUT_S)
            connection.connect(path)
            connection.sendall(_REQUEST)
            while piece := connection.recv(MOST_BYTES):
                pieces += piece
                left_s = until - time.monotonic()
                if left_s <= 0 or len(pieces) > MOST_BYTES:
                    return None
                connection.settimeout(left_s)
        except OSError:
            return None
    return read(bytes(pieces.partition(b"\r\n\r\n")[2]))


def read(body: bytes) -> Stats | None:
    """Return the counters of a body; None for one that has none."""
    try:
        return msgspec.json.decode(body, type=Stats)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
