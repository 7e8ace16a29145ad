"""Decompresses request bodies (gzip, deflate) in bounded memory."""

import zlib

from trackside.core.errors import TooLarge
from trackside.traces.ingest.otlp import Malformed

MAX_BYTES = 64 << 20  # of a request, uncompressed
MAX_MEMBERS = 1_000  # of a gzip body
PIECE_BYTES = 64 << 10  # zlib copies what follows a member: the rest of a piece, not the rest of the body

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
    texts: list[bytes] = []
    size, at, members = 0, 0, 0
    packed = memoryview(body)
    try:
        while at < len(body) and (members == 0 or window == _GZIP):
            members += 1
            if members > MAX_MEMBERS:
                raise TooLarge(f"The body has more than {MAX_MEMBERS} {name} members; send it as one.")
            member = zlib.decompressobj(window)
            while not member.eof:
                if at == len(body):
                    raise zlib.error("cut off")
                piece = packed[at : at + PIECE_BYTES]
                at += len(piece)
                text = member.decompress(piece, most_bytes - size + 1)
                size += len(text)
                if size > most_bytes:
                    raise TooLarge(
                        f"The body is larger than {most_bytes} bytes when it is unpacked; send fewer spans per request."
                    )
                texts.append(text)
            at -= len(member.unused_data)
    except zlib.error:
        raise Malformed(f"Failed to decompress {name} payload") from None
    return b"".join(texts)
