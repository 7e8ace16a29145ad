"""Zstandard frames (RFC 8878): Python's own module, or the package `zstandard` before Python 3.14.

A compressor belongs to one thread; all functions are thread-safe.
"""

import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    import zstandard

LEVEL = 1  # compression takes as long as decoding a span

_local = threading.local()


class Damaged(Exception):
    """The bytes are not a complete frame."""


if sys.version_info >= (3, 14):

    def compress(content: bytes) -> bytes:
        """Return one frame, whose header has the size of the content."""
        made = _of_this_thread(lambda: zstd.ZstdCompressor(level=LEVEL))
        return made.compress(content, made.FLUSH_FRAME)

    def compress_parts(parts: Iterable[bytes], size_bytes: int, level: int) -> bytes:
        """Return one frame of parts whose sizes add up to `size_bytes`, with one part in memory at a time."""
        made = zstd.ZstdCompressor(level=level)
        made.set_pledged_input_size(size_bytes)
        return b"".join([*(made.compress(part) for part in parts), made.flush()])

    def decompress(frame: bytes) -> bytes:
        """Return the content of a frame.  Raise Damaged."""
        size = content_bytes(frame)
        made = zstd.ZstdDecompressor()  # of one frame: `zstd.decompress` would go on with frames behind it
        try:
            content = made.decompress(frame, max(size, 0) + 1)
        except zstd.ZstdError as error:
            raise Damaged(str(error)) from None
        if len(content) != size or not made.eof:
            raise Damaged("its size is not that of its header")
        return content

    def content_bytes(frame: bytes) -> int:
        """Return the size of the content from the header of a frame; -1 if the header does not have it.  Raise Damaged."""
        try:
            size = zstd.get_frame_info(frame).decompressed_size
        except zstd.ZstdError as error:
            raise Damaged(str(error)) from None
        return -1 if size is None else size

else:

    def compress(content: bytes) -> bytes:
        """Return one frame, whose header has the size of the content."""
        made: bytes = _of_this_thread(_codec)[0].compress(content)
        return made

    def compress_parts(parts: Iterable[bytes], size_bytes: int, level: int) -> bytes:
        """Return one frame of parts whose sizes add up to `size_bytes`, with one part in memory at a time."""
        made = zstandard.ZstdCompressor(level=level).compressobj(size=size_bytes)
        return b"".join([*(made.compress(part) for part in parts), made.flush()])

    def decompress(frame: bytes) -> bytes:
        """Return the content of a frame.  Raise Damaged."""
        try:
            content: bytes = _of_this_thread(_codec)[1].decompress(frame)
        except zstandard.ZstdError as error:
            raise Damaged(str(error)) from None
        return content

    def content_bytes(frame: bytes) -> int:
        """Return the size of the content from the header of a frame; -1 if the header does not have it.  Raise Damaged."""
        try:
            size: int = zstandard.frame_content_size(frame)
        except zstandard.ZstdError as error:
            raise Damaged(str(error)) from None
        return size

    def _codec() -> tuple[Any, Any]:
        return zstandard.ZstdCompressor(level=LEVEL), zstandard.ZstdDecompressor()


def _of_this_thread(make: Callable[[], Any]) -> Any:
    found = getattr(_local, "found", None)
    if found is None:
        found = _local.found = make()
    return found
