"""Spans as compressed lines.  Knows Zstandard; knows no table.

The library is imported with the first trace: most servers start without one.
"""

import threading
from collections.abc import Sequence
from typing import Any

import msgspec

SMALL = 200  # bytes of previews up to which compression saves nothing
LEVEL = 1  # at which compression costs as much as reading a span does
FILE_LEVEL = 3  # of what moves to a file, once

_local = threading.local()


def compress(lines: Sequence[bytes]) -> bytes:
    made: bytes = _codec()[0].compress(b"\n".join(lines))
    return made


def text_of(body: bytes) -> bytes:
    """Return the lines of a body as one text."""
    found: bytes = _codec()[1].decompress(body)
    return found


def text_of_file(body: bytes) -> bytes | None:
    """Return the lines of the content of a file; None if it is damaged."""
    import zstandard  # noqa: PLC0415  # see above

    try:
        return text_of(body)
    except zstandard.ZstdError:
        return None


def unpacked_bytes(body: bytes) -> int:
    """Return the size of the text of a body, from its head."""
    import zstandard  # noqa: PLC0415  # see above

    size: int = zstandard.frame_content_size(body)
    return size


def repack(parts: Sequence[bytes]) -> bytes:
    """Return one body that has the lines of several."""
    import zstandard  # noqa: PLC0415  # see above

    size = sum(unpacked_bytes(part) for part in parts) + len(parts) - 1
    packer = zstandard.ZstdCompressor(level=FILE_LEVEL).compressobj(size=size)
    made: list[bytes] = []
    for at, part in enumerate(parts):
        made.append(packer.compress(b"\n" + text_of(part) if at else text_of(part)))
    made.append(packer.flush())
    return b"".join(made)


def pack(request: str | None, response: str | None) -> bytes | None:
    """Return the previews of a trace together; None for none."""
    if request is None and response is None:
        return None
    made = msgspec.json.encode((request, response))
    return made if len(made) <= SMALL else compress([made])


def unpack(packed: bytes) -> tuple[str | None, str | None]:
    return _pair(packed if packed[:1] == b"[" else text_of(packed))


_pair = msgspec.json.Decoder(tuple[str | None, str | None]).decode


def _codec() -> tuple[Any, Any]:
    """Return a compressor and a decompressor of this thread: they must not be shared."""
    found: tuple[Any, Any] | None = getattr(_local, "codec", None)
    if found is None:
        import zstandard  # noqa: PLC0415  # see above

        found = _local.codec = (zstandard.ZstdCompressor(level=LEVEL), zstandard.ZstdDecompressor())
    return found
