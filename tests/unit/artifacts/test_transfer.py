"""Transfers between a request and a store, with faults that a real server cannot produce."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trackside.artifacts import transfer
from trackside.artifacts.blobs import Blobs, get
from trackside.artifacts.local import LocalBlobs
from trackside.artifacts.roots import Spot
from trackside.artifacts.store_threads import StoreExecutor, StoreThreads
from trackside.core.errors import Fault, Invalid
from trackside.core.http.streams import Disconnected, Request
from trackside.core.work.threads import Threads


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path, durable=False)


@pytest.fixture
def executor(blobs: LocalBlobs) -> Iterator[StoreExecutor]:
    threads = StoreThreads(60)
    yield threads.of(Spot(blobs, ""))
    threads.close()


@pytest.mark.parametrize("sizes", [[], [10], [10, 20], [1 << 20, 1], [3 << 20, 3 << 20, 7], [1] * 3000])
def test_a_body_in_any_pieces_is_received_completely(blobs: Blobs, executor: StoreExecutor, sizes: list[int]) -> None:
    body = [bytes([i % 256]) * size for i, size in enumerate(sizes)]

    stat = asyncio.run(transfer.receive(_request(body, sum(sizes)), blobs, "file", executor))

    assert get(blobs, "file") == b"".join(body)
    assert stat == blobs.stat("file")


@pytest.mark.parametrize("announced", [0, 29, 31, 9 << 20])
@pytest.mark.parametrize("size", [3, 1 << 20])
def test_a_body_of_another_length_than_announced_is_refused(
    blobs: Blobs, executor: StoreExecutor, announced: int, size: int
) -> None:
    with pytest.raises(Invalid, match="Content-Length"):
        asyncio.run(transfer.receive(_request([b"x" * size] * 10, announced), blobs, "file", executor))

    assert list(blobs.walk("")) == []


@pytest.mark.parametrize("size", [3, 1 << 20])
def test_a_cancelled_upload_leaves_no_file(blobs: Blobs, executor: StoreExecutor, tmp_path: Path, size: int) -> None:
    async def cancel_half_way() -> None:
        arrived = asyncio.Event()
        request = _request([b"x" * size] * 3, None, then=arrived.set)
        task = asyncio.ensure_future(transfer.receive(request, blobs, "file", executor))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel_half_way())

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_disconnected_client_is_not_an_error_of_the_store(blobs: Blobs, executor: StoreExecutor) -> None:
    with pytest.raises(Disconnected):
        asyncio.run(transfer.receive(_request([b"x" * (2 << 20)], 9 << 20, ends=False), blobs, "file", executor))

    assert list(blobs.walk("")) == []


def test_a_file_that_is_truncated_during_a_read_is_not_sent_as_complete(
    blobs: Blobs, executor: StoreExecutor, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"x" * (4 << 20))

    async def read() -> int:
        response = await transfer.answer(_request([], None), blobs, "file", executor)
        assert not isinstance(response.body, bytes)
        received = 0
        async for piece in response.body:
            received += len(piece)
            (tmp_path / "file").write_bytes(b"short")
        return received

    with pytest.raises(Fault, match="became shorter"):
        asyncio.run(read())


def _request(
    chunks: list[bytes], announced: int | None, *, ends: bool = True, then: Callable[[], None] | None = None
) -> Request:
    """A request as uvicorn would hand it over.  `ends=False`: the client leaves; `then`: it goes silent after this."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.request", "body": b"", "more_body": False} if ends else {"type": "http.disconnect"})
    waiting = iter(messages[:-1] if then else messages)

    async def receive() -> dict[str, Any]:
        message = next(waiting, None)
        if message is None:
            assert then is not None
            then()
            await asyncio.Event().wait()
        assert message is not None
        return message

    headers = [(b"content-length", b"%d" % announced)] if announced is not None else []
    scope = {"method": "GET", "path": "/", "headers": headers}

    async def read_whole(*_: object) -> bytes:
        raise AssertionError("a file is never read whole")

    return Request(
        scope,
        receive,
        params={},
        raw_params={},
        query={},
        workspace=None,
        database=None,
        threads=Threads(1, "t"),
        read_whole=read_whole,
    )
