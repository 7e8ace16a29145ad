"""Signatures for substring searches: each text has 63 bits, one per hash of its three-byte sequences.  Pure.

A text that matches a LIKE pattern has all bits of the pattern, and most other texts lack one of them.  A scan of the signatures
finds the few texts that have to be compared.
"""

import re
from zlib import crc32

ANY = -1  # all bits set: the text may match any pattern
LONGEST = 300  # bytes; longer texts would have nearly all bits set

_BITS = 63


def of_text(text: str) -> int:
    """Return the signature of a text; ANY if it is longer than LONGEST."""
    folded = _folded(text)
    return ANY if len(folded) > LONGEST else _bits(folded)


def of_pattern(pattern: str) -> int:
    """Return the bits that each text matching the LIKE or ILIKE pattern has; 0 for a pattern without three fixed bytes."""
    bits = 0
    for piece in re.split("[%_]", pattern):
        bits |= _bits(_folded(piece))
    return bits


def _folded(text: str) -> bytes:
    return text.encode().lower()  # ASCII letters only, as ILIKE does


def _bits(folded: bytes) -> int:
    bits = 0
    for i in range(len(folded) - 2):
        bits |= 1 << crc32(folded[i : i + 3]) % _BITS
    return bits
