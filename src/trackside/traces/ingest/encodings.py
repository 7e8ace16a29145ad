"""Decompresses request bodies (gzip, deflate) in bounded memory."""

import zlib

from trackside.core.errors import TooLarge
from trackside.traces.ingest.otlp import Malformed

MAX_BYTES = 64 << 20  # of a request, uncompressed

_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


def unpack(body: bytes, encoding: str, most_bytes: int = MAX_BYTES) -> bytes:
    """Return the uncompressed body.  Raise Malformed for invalid data, TooLarge if it exceeds `most_bytes`."""
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            return _unpack(body, _GZIP, most_bytes, "gzip")
        case "deflate":
            try:
                return _unpack(body, _ZLIB, most_bytes, "deflate")
            except Malformed:
                return _unpack(body, _RAW, most_bytes, "deflate")
        case _:
            raise Malformed(f"Unsupported Content-Encoding: {encoding[:100]}")


def _unpack(body: bytes, window: int, most_bytes: int, name: str) -> bytes:
    """Return the concatenated texts of a body, which may have several gzip members."""
    pieces: list[bytes] = []
    size, rest = 0, body
    try:
        while rest:
            member = zlib.decompressobj(window)
            piece = member.decompress(rest, most_bytes - size + 1)
            size += len(piece)
            if size > most_bytes:
                raise TooLarge(
                    f"The body is larger than {most_bytes} bytes when it is unpacked; send fewer spans a request."
                )
            if not member.eof:
                raise zlib.error("cut off")
            pieces.append(piece)
            rest = member.unused_data if window == _GZIP else b""
    except zlib.error:
        raise Malformed(f"Failed to decompress {name} payload") from None
    return b"".join(pieces)
