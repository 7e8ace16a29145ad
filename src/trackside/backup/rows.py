"""Serializes rows of a table, the same for every database: blocks of MessagePack in a gzip stream.

A block is its length in four bytes and an array of rows. Values are text, bytes, 64-bit integers, floats with NaN and the
infinities, and null.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from trackside.backup.model import Damaged

BLOCK_ROWS = 1000
LEVEL = 1
MAX_BLOCK_BYTES = 1 << 30
_HEAD = struct.Struct(">I")
_GZIP = 31  # window bits: with gzip's head and checksum


def packed(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The stream, piece by piece."""
    squeeze = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
    encode = msgspec.msgpack.Encoder().encode
    block: list[Sequence[Any]] = []
    for row in rows:
        block.append(row)
        if len(block) == BLOCK_ROWS:
            yield squeeze.compress(_framed(encode(block)))
            block = []
    if block:
        yield squeeze.compress(_framed(encode(block)))
    yield squeeze.flush()


def unpacked(pieces: Iterable[bytes]) -> Iterator[list[Any]]:
    """Yield rows from the stream.  Raise Damaged if it is incomplete."""
    decoder = msgspec.msgpack.Decoder(list[list[Any]])
    waiting = bytearray()
    stretch = zlib.decompressobj(_GZIP)
    try:
        for piece in pieces:
            waiting += stretch.decompress(piece)
            start = 0
            while len(waiting) - start >= _HEAD.size:
                (size,) = _HEAD.unpack_from(waiting, start)
                if size > MAX_BLOCK_BYTES:
                    raise Damaged(f"a block has {size} bytes")
                end = start + _HEAD.size + size
                if len(waiting) < end:
                    break
                yield from decoder.decode(bytes(waiting[start + _HEAD.size : end]))
                start = end
            del waiting[:start]
    except (zlib.error, msgspec.MsgspecError) as fault:
        raise Damaged(str(fault)) from None
    if waiting or not stretch.eof:
        raise Damaged("its end is missing")


def _framed(block: bytes) -> bytes:
    return _HEAD.pack(len(block)) + block
