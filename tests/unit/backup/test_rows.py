"""The serialized rows of a backup, also manipulated ones."""

import struct
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest

from trackside.backup import rows
from trackside.backup.model import Damaged

GZIP = 31


def test_large_rows_end_a_block_so_that_no_block_grows_with_them() -> None:
    wide = [[number, b"x" * (6 << 20)] for number in range(5)]

    stream = zlib.decompress(b"".join(rows.packed(wide)), GZIP)

    assert struct.unpack_from(">I", stream)[0] < 19 << 20
    assert list(rows.unpacked(rows.packed(wide))) == wide


def test_rows_are_the_same_in_pieces_of_any_size() -> None:
    made = [[number, "text " * 50, None, 0.5] for number in range(30_000)]
    stream = b"".join(rows.packed(made))

    for size in (7_919, len(stream)):
        assert list(rows.unpacked(stream[at : at + size] for at in range(0, len(stream), size))) == made


def test_a_decompression_bomb_is_refused_before_it_is_in_memory() -> None:
    """A head that names a block that is too large, before 64 MiB of zeros."""

    def bomb() -> Iterator[bytes]:
        squeeze = zlib.compressobj(9, zlib.DEFLATED, GZIP)
        made = squeeze.compress(struct.pack(">I", (1 << 30) + 1))
        for _ in range(4):
            made += squeeze.compress(bytes(1 << 24))
        yield made + squeeze.flush()

    (piece,) = bomb()
    tracemalloc.start()
    try:
        with pytest.raises(Damaged, match="a block has 1073741825 bytes; 1073741824 are allowed"):
            list(rows.unpacked([piece]))
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_lists_nested_too_deeply_are_refused() -> None:
    block = b"\x91" * 100_000 + b"\x90"
    squeezed = zlib.compress(struct.pack(">I", len(block)) + block, wbits=GZIP)

    with pytest.raises(Damaged):
        list(rows.unpacked([squeezed]))
