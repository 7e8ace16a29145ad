"""Spans as compressed lines.

The compression module is imported with the first trace, since most servers start without one.
"""

from collections.abc import Iterator, Sequence

import msgspec

SMALL = 200  # previews up to this many bytes are not compressed
FILE_LEVEL = 3  # for files, which are compressed once
MOST_FILE_BYTES = 512 << 20  # of the content of a file: a request of 64 MiB takes at most seven times as much as JSON


def compress(lines: Sequence[bytes]) -> bytes:
    from trackside.traces.storage import frames  # noqa: PLC0415  # see above

    return frames.compress(b"\n".join(lines))


def text_of(body: bytes) -> bytes:
    """Return the lines of a body as one text."""
    from trackside.traces.storage import frames  # noqa: PLC0415  # see above

    return frames.decompress(body)


def text_of_file(body: bytes) -> bytes | None:
    """Return the lines of the content of a file; None if it is damaged, or larger than the server makes one.

    A user who may write to the bucket of a workspace can replace the file."""
    from trackside.traces.storage import frames  # noqa: PLC0415  # see above

    try:
        if not 0 <= frames.content_bytes(body) <= MOST_FILE_BYTES:
            return None
        return frames.decompress(body)
    except frames.Damaged:
        return None


def unpacked_bytes(body: bytes) -> int:
    """Return the uncompressed size of a body from its header."""
    from trackside.traces.storage import frames  # noqa: PLC0415  # see above

    return frames.content_bytes(body)


def repack(parts: Sequence[bytes]) -> bytes:
    """Return one body with the lines of several."""
    from trackside.traces.storage import frames  # noqa: PLC0415  # see above

    def texts() -> Iterator[bytes]:
        for at, part in enumerate(parts):
            yield b"\n" + text_of(part) if at else text_of(part)

    return frames.compress_parts(texts(), sum(unpacked_bytes(part) for part in parts) + len(parts) - 1, FILE_LEVEL)


def pack(request: str | None, response: str | None) -> bytes | None:
    """Return the previews of a trace in one compressed text; None for none."""
    if request is None and response is None:
        return None
    made = msgspec.json.encode((request, response))
    return made if len(made) <= SMALL else compress([made])


def unpack(packed: bytes) -> tuple[str | None, str | None]:
    return _pair(packed if packed[:1] == b"[" else text_of(packed))


_pair = msgspec.json.Decoder(tuple[str | None, str | None]).decode
