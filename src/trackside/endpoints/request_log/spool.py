"""Spool files of raw requests, framed so that a truncated end is detected.

A frame is the length and the CRC-32 of its payload, 4 bytes each, and the payload in MessagePack.  A file is locked while its
writer lives: a file without a lock is complete, or ends where its writer was killed.
"""

import fcntl
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from trackside.core import disk

SUFFIX = ".spool"
MAX_FRAME_BYTES = 1 << 30
_HEAD = struct.Struct("<II")


class Entry(Struct, frozen=True, array_like=True):
    """A request with status 200."""

    time: int  # ms
    request_id: str
    deployment: str
    deployment_seq: int
    generation: int
    model: str  # its URI
    latency_ms: float
    content_type: str
    body: bytes
    answer: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Entry)


def framed(entry: Entry) -> bytes:
    payload = _encoder.encode(entry)
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


class Writer:
    """A spool file that is appended to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        disk.make_folder(path.parent)
        self._handle = disk.create(path)
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        self.size_bytes = 0

    def write(self, data: bytes) -> None:
        """Append whole frames.  Raise OSError; a partial frame is truncated again if possible."""
        at = 0
        try:
            while at < len(data):
                at += os.write(self._handle, memoryview(data)[at:])
        except OSError:
            os.ftruncate(self._handle, self.size_bytes)
            raise
        self.size_bytes += len(data)

    def close(self) -> None:
        os.close(self._handle)  # and releases the lock


@contextmanager
def taken(path: Path) -> Iterator[bool]:
    """Yield whether this process could lock the file: no other process writes or converts it."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        yield False
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield path.exists()  # it may just have been converted and removed
    finally:
        os.close(handle)


def read(path: Path) -> Iterator[Entry]:
    """Yield the entries up to the end, or to the first invalid frame."""
    with path.open("rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            length, checksum = _HEAD.unpack(head)
            payload = file.read(length) if length <= MAX_FRAME_BYTES else b""
            if len(payload) != length or zlib.crc32(payload) != checksum:
                return
            yield _decoder.decode(payload)
