"""Which texts can have a piece of text in their middle: 63 bits of all that is three bytes long in a text.  Pure.

A text that is like a pattern has all bits of the pattern; most other texts lack one.  So a walk over small numbers finds
the few texts that have to be read.
"""

import re
from zlib import crc32

ANY = -1  # every bit: the text may be like any pattern
LONGEST = 300  # bytes; longer texts would have nearly every bit

_BITS = 63


def of_text(text: str) -> int:
    folded = _folded(text)
    return ANY if len(folded) > LONGEST else _bits(folded)


def of_pattern(pattern: str) -> int:
    """What every text has that is LIKE or ILIKE the pattern; 0: it tells nothing."""
    bits = 0
    for piece in re.split("[%_]", pattern):
        bits |= _bits(_folded(piece))
    return bits


def _folded(text: str) -> bytes:
    return text.encode().lower()  # of ASCII letters only, as ILIKE folds them


def _bits(folded: bytes) -> int:
    bits = 0
    for i in range(len(folded) - 2):
        bits |= 1 << crc32(folded[i : i + 3]) % _BITS
    return bits
