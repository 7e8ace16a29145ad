"""Transfers bytes between a socket and an artifact store.

The event loop never accesses a file, and no thread waits for a client: while a thread writes or reads one piece, the next one is
received or sent.  A transfer has a few pieces in memory, independently of the size of the file.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from trackside.artifacts import wire
from trackside.artifacts.blobs import PIECE_BYTES, Blobs, Creates, Download, Stat, Upload, put
from trackside.artifacts.store_threads import StoreExecutor
from trackside.core.errors import Busy, Invalid
from trackside.core.http.streams import Request, Response

T = TypeVar("T")
Check = Callable[[int], Awaitable[object]]

SMALL_BYTES = 256 << 10  # up to this size a file is read in one thread call
_MAX_CHUNKS = 256  # small writes are joined, so that they do not fill the memory with small objects


async def receive(
    request: Request, blobs: Creates, key: str, executor: StoreExecutor, check: Check | None = None
) -> Stat:
    """Store the body of the request atomically.

    `check` raises if a file of a size does not fit.  It is called while the body arrives, if the request has no Content-Length;
    otherwise the caller has checked the size."""
    pieces = _pieces(request, check)
    first: list[bytes] = await anext(pieces, [])
    piece = await anext(pieces, None)
    if piece is None:
        return await executor.run(put, blobs, key, [first])
    upload = await executor.acquire(partial(blobs.create, key), _abort)
    try:
        writing = _begin(executor.run(upload.write, first))
        while piece is not None:
            following = await anext(pieces, None)
            await writing
            writing = _begin(executor.run(upload.write, piece))
            piece = following
        await writing
        return await executor.run(upload.commit)
    finally:
        # Shielded, since a stop of the server cancels this task, and the staged file must still be removed.
        await asyncio.shield(executor.release(upload.abort))


async def answer(request: Request, blobs: Blobs, key: str, executor: StoreExecutor) -> Response:
    """Return the file, the requested range of it, or status 304 if the client's copy is current.

    Raise Busy while slow clients use up the memory for answers."""
    what, source = await executor.acquire(partial(_open, request, blobs, key), _close)
    if not isinstance(source, bytes):
        try:
            request.check_room(min(what.stop - what.start, PIECE_BYTES))
        except Busy:
            await asyncio.shield(executor.release(source.close))
            raise
    return Response(what.status, what.headers, source if isinstance(source, bytes) else _leave(what, source, executor))


async def leave(pieces: Iterator[bytes], executor: StoreExecutor) -> AsyncGenerator[bytes, None]:
    """Yield the items of `pieces`.  A thread reads each piece while the previous one is sent."""
    ahead = _begin(executor.run(next, pieces, None))
    try:
        while (piece := await ahead) is not None:
            ahead = _begin(executor.run(next, pieces, None))
            if piece:
                yield piece
    finally:
        await asyncio.shield(executor.release(partial(_end, pieces)))


def _end(pieces: Iterator[bytes]) -> None:
    """Close a generator and its resources, unless another thread is running it: that thread then drops the generator."""
    if isinstance(pieces, Generator):
        with suppress(ValueError):
            pieces.close()


async def _pieces(request: Request, check: Check | None) -> AsyncIterator[list[bytes]]:
    """Yield the body in pieces that are large enough for a switch to a thread."""
    announced, arrived = request.content_length, 0
    held: list[bytes] = []
    size = 0
    async for chunk in request.body():
        held.append(chunk)
        size += len(chunk)
        if size >= PIECE_BYTES or len(held) >= _MAX_CHUNKS:
            if announced is None and check is not None:
                await check(arrived + size)
            yield held
            arrived += size
            held, size = [], 0
    arrived += size
    if announced is not None and arrived != announced:
        raise Invalid(f"The body has {arrived} bytes, and Content-Length says {announced}")
    if announced is None and check is not None:
        await check(arrived)
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


async def _leave(what: wire.Answer, download: Download, executor: StoreExecutor) -> AsyncGenerator[bytes, None]:
    chunks = download.chunks(what.start, what.stop)
    ahead = _begin(executor.run(next, chunks, None))
    try:
        while (chunk := await ahead) is not None:
            ahead = _begin(executor.run(next, chunks, None))
            yield chunk
    finally:
        await asyncio.shield(executor.release(download.close))


def _begin(work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
    """Start a task whose exception may stay unread, because another task ended the transfer."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    return task


def _abort(upload: Upload) -> None:
    upload.abort()


def _close(opened: tuple[wire.Answer, bytes | Download]) -> None:
    source = opened[1]
    if not isinstance(source, bytes):
        source.close()
