"""Bytes between a socket and a store.  Knows requests, threads and the pace of both; knows no path and no route.

The loop never touches a file, and no thread waits for a client: while one piece is written (read) in a thread, the next
one arrives (leaves).  A transfer holds a few pieces in memory, however large the file is.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import Executor

from trackside.artifacts import wire
from trackside.artifacts.blobs import PIECE_BYTES, Blobs, Creates, Download, Stat, put
from trackside.core.errors import Invalid
from trackside.core.http.streams import Request, Response

SMALL_BYTES = 256 << 10  # up to here a file leaves in one hop to a thread
_MAX_CHUNKS = 256  # a client that sends byte by byte must not fill the memory with small objects


async def receive(request: Request, blobs: Creates, key: str, threads: Executor) -> Stat:
    """Store the request's body: whole, or not at all."""
    loop = asyncio.get_running_loop()
    pieces = _pieces(request)
    first: list[bytes] = await anext(pieces, [])
    piece = await anext(pieces, None)
    if piece is None:
        return await loop.run_in_executor(threads, put, blobs, key, [first])
    upload = await loop.run_in_executor(threads, blobs.create, key)
    try:
        writing = loop.run_in_executor(threads, upload.write, first)
        while piece is not None:
            following = await anext(pieces, None)
            await writing
            writing = loop.run_in_executor(threads, upload.write, piece)
            piece = following
        await writing
        return await loop.run_in_executor(threads, upload.commit)
    finally:
        # Shielded, since a stop of the server cancels this task, and the file must go all the same.
        await asyncio.shield(loop.run_in_executor(threads, upload.abort))


async def answer(request: Request, blobs: Blobs, key: str, threads: Executor) -> Response:
    """The file, or the part of it that the request wants, or that the client has it already."""
    loop = asyncio.get_running_loop()
    what, source = await loop.run_in_executor(threads, _open, request, blobs, key)
    return Response(what.status, what.headers, source if isinstance(source, bytes) else _leave(what, source, threads))


async def _pieces(request: Request) -> AsyncIterator[list[bytes]]:
    """The body in pieces worth a hop to a thread."""
    announced, arrived = request.content_length, 0
    held: list[bytes] = []
    size = 0
    async for chunk in request.body():
        held.append(chunk)
        size += len(chunk)
        if size >= PIECE_BYTES or len(held) >= _MAX_CHUNKS:
            yield held
            arrived += size
            held, size = [], 0
    arrived += size
    if announced is not None and arrived != announced:
        raise Invalid(f"The body has {arrived} bytes, and Content-Length says {announced}")
    if held:
        yield held


def _open(request: Request, blobs: Blobs, key: str) -> tuple[wire.Answer, bytes | Download]:
    download = blobs.open(key)
    keep = False
    try:
        what = wire.answer(key.rpartition("/")[2], download.stat, request.headers)
        if request.method == "HEAD" or what.start == what.stop:
            return what, b""
        if what.stop - what.start <= SMALL_BYTES:
            return what, b"".join(download.chunks(what.start, what.stop))
        keep = True
        return what, download
    finally:
        if not keep:
            download.close()


async def _leave(what: wire.Answer, download: Download, threads: Executor) -> AsyncGenerator[bytes, None]:
    loop = asyncio.get_running_loop()
    chunks = download.chunks(what.start, what.stop)
    try:
        ahead = loop.run_in_executor(threads, next, chunks, None)
        while (chunk := await ahead) is not None:
            ahead = loop.run_in_executor(threads, next, chunks, None)
            yield chunk
    finally:
        await asyncio.shield(loop.run_in_executor(threads, download.close))
