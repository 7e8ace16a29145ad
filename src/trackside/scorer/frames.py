"""The format of requests and answers on a multiplexed connection between a server's router and a scorer.

A connection begins as HTTP: `GET /frames` with `Upgrade: trackside-frames/1`, answered with status 101.  From then on each side
sends frames, a head of fixed size with what follows it.  The number of a request is in its answer; answers come in any order.
"""

import struct
from typing import List, Optional, Tuple

PATH = "/frames"
PROTOCOL = "trackside-frames/1"
UPGRADE = f"GET {PATH} HTTP/1.1\r\nhost: scorer\r\nconnection: upgrade\r\nupgrade: {PROTOCOL}\r\n\r\n".encode()
SWITCHED = f"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: {PROTOCOL}\r\n\r\n".encode()

# Bytes of the body, number, bytes of the content type (NO_TYPE: the request has none).
REQUEST = struct.Struct("<IIH")
# Bytes of the body, number, status, bytes of the headers, each `name: value\r\n`.  Without headers it is JSON.
ANSWER = struct.Struct("<IIHI")
NO_TYPE = 0xFFFF
MOST_TYPE_BYTES = NO_TYPE - 1
MOST_NUMBER = 0xFFFFFFFF


def request(number: int, content_type: Optional[bytes], body: bytes) -> bytes:
    """Return the frame of a request; its content type has at most MOST_TYPE_BYTES."""
    if content_type is None:
        return REQUEST.pack(len(body), number, NO_TYPE) + body
    return REQUEST.pack(len(body), number, len(content_type)) + content_type + body


def requests(data: bytes) -> Tuple[List[Tuple[int, Optional[bytes], bytes]], bytes]:
    """Return the requests that are whole (number, content type, body), and the bytes after them."""
    found: List[Tuple[int, Optional[bytes], bytes]] = []
    at, end = 0, len(data)
    while end - at >= REQUEST.size:
        size, number, type_size = REQUEST.unpack_from(data, at)
        type_at = at + REQUEST.size
        body_at = type_at if type_size == NO_TYPE else type_at + type_size
        if body_at + size > end:
            break
        at = body_at + size
        content_type = None if type_size == NO_TYPE else data[type_at:body_at]
        found.append((number, content_type, data[body_at:at]))
    return found, data[at:]


def answer(number: int, status: int, headers: bytes, body: bytes) -> bytes:
    """Return the frame of an answer."""
    return ANSWER.pack(len(body), number, status, len(headers)) + headers + body
