"""Ids of new entities: UUIDs of version 7 (RFC 9562), which begin with the time, as 32 hexadecimal digits.

Rows that are created together are adjacent in every index on their id, so a group of new rows writes few pages
(docs/decisions/0043).
"""

import os
import time

_VERSION = 7 << 76
_VARIANT = 0b10 << 62
_RANDOM = ~((0xF << 76) | (0b11 << 62)) & ((1 << 80) - 1)  # all bits below the time, except version and variant


def new_id() -> str:
    """Return an id that sorts, as text, after those of earlier milliseconds."""
    random = int.from_bytes(os.urandom(10), "big") & _RANDOM
    return f"{time.time_ns() // 1_000_000 << 80 | _VERSION | _VARIANT | random:032x}"
