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
BLOCK_BYTES = 16 << 20  # a block ends with the row that reaches it
LEVEL = 1
MAX_BLOCK_BYTES = 1 << 30
PIECE_BYTES = 1 << 20  # decompressed at once: gzip makes up to 1000 times as much of a piece of the file
_HEAD = struct.Struct(">I")
_GZIP = 31  # window bits: with gzip's head and checksum


def packed(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The stream, piece by piece."""
    squeeze = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
    encode = msgspec.msgpack.Encoder().encode
    block: list[Sequence[Any]] = []
    size = 0
    for row in rows:
        block.append(row)
        size += sum([len(value) for value in row if isinstance(value, (str, bytes))])
        if len(block) == BLOCK_ROWS or size >= BLOCK_BYTES:
            yield squeeze.compress(_framed(encode(block)))
            block, size = [], 0
    if block:
        yield squeeze.compress(_framed(encode(block)))
    yield squeeze.flush()


def unpacked(pieces: Iterable[bytes]) -> Iterator[list[Any]]:
    """Yield rows from the stream, with one block in memory.  Raise Damaged if it is incomplete."""
    decoder = msgspec.msgpack.Decoder(list[list[Any]])
    waiting = bytearray()
    stretch = zlib.decompressobj(_GZIP)
    try:
        for piece in pieces:
            for part in _decompressed(stretch, piece):
                waiting += part
                start = 0
                while len(waiting) - start >= _HEAD.size:
                    (size,) = _HEAD.unpack_from(waiting, start)
                    if size > MAX_BLOCK_BYTES:
                        raise Damaged(f"a block has {size} bytes; {MAX_BLOCK_BYTES} are allowed")
                    end = start + _HEAD.size + size
                    if len(waiting) < end:
                        break
                    yield from decoder.decode(bytes(waiting[start + _HEAD.size : end]))
                    start = end
                del waiting[:start]
    except (zlib.error, msgspec.MsgspecError, RecursionError) as fault:
        raise Damaged(str(fault)) from None
    if waiting or not stretch.eof:
        raise Damaged("its end is missing")


def _decompressed(stretch: Any, piece: bytes) -> Iterator[bytes]:
    """Yield the content of a piece in parts of at most PIECE_BYTES."""
    while True:
        part = stretch.decompress(piece, PIECE_BYTES)
        yield part
        piece = stretch.unconsumed_tail
        if not piece and len(part) < PIECE_BYTES:  # a full part may have left content inside of zlib
            return


def _framed(block: bytes) -> bytes:
    return _HEAD.pack(len(block)) + block
