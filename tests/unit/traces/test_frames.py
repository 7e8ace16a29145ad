"""Frames of spans, also manipulated ones."""

import struct

import pytest

from trackside.traces.storage import bodies, frames

MAGIC = b"\x28\xb5\x2f\xfd"
LAST_RAW_BLOCK = b"\x09\x00\x00x"  # one byte


def frame(size_bytes: int | None) -> bytes:
    """A frame of one byte whose header names a size."""
    head = b"\x00\x00" if size_bytes is None else b"\xe0" + struct.pack("<Q", size_bytes)
    return MAGIC + head + LAST_RAW_BLOCK


def test_a_frame_is_read_as_it_was_written() -> None:
    assert bodies.text_of_file(frames.compress(b"spans")) == b"spans"
    assert bodies.text_of_file(frame(1)) == b"x"
    assert bodies.text_of_file(frames.compress_parts([b"a", b"b"], 2, 3)) == b"ab"


@pytest.mark.parametrize("size_bytes", [2, bodies.MOST_FILE_BYTES + 1, 1 << 40, None])
def test_a_frame_of_another_size_is_damaged(size_bytes: int | None) -> None:
    assert bodies.text_of_file(frame(size_bytes)) is None


def test_a_truncated_or_invalid_frame_is_damaged() -> None:
    for raw in (b"", b"no zstd", MAGIC, frames.compress(b"spans" * 100)[:-3]):
        assert bodies.text_of_file(raw) is None
