"""Memory for large bodies: a body that arrives too slowly is dropped when another one needs the memory."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from trackside.core.errors import Busy, SlowClient
from trackside.core.http.bodies import BodyMemory

ROOM_BYTES = 1000


class Client:
    """Sends when it is told to."""

    def __init__(self, memory: BodyMemory) -> None:
        self._memory = memory
        self._scope: dict[str, Any] = {"headers": []}
        self._pieces: asyncio.Queue[Any] = asyncio.Queue()
        self._is_waited_for = asyncio.Event()
        self.body = asyncio.ensure_future(self._memory.read(self._scope, self._receive, ROOM_BYTES))

    async def send(self, size_bytes: int, *, more: bool = True) -> None:
        """Returns when the piece is taken."""
        self._is_waited_for.clear()
        self._pieces.put_nowait({"type": "http.request", "body": bytes(size_bytes), "more_body": more})
        if more:
            await self._is_waited_for.wait()

    def leave(self) -> None:
        self._memory.leave(self._scope)

    async def _receive(self) -> Any:
        if self._pieces.empty():
            self._is_waited_for.set()
        return await self._pieces.get()


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 10))


def test_a_stalled_body_is_dropped_for_a_new_one() -> None:
    async def work() -> None:
        memory = BodyMemory(ROOM_BYTES, patience_s=0)
        still, coming = Client(memory), Client(memory)
        await still.send(900)

        await coming.send(500)
        await coming.send(500, more=False)

        assert len(await coming.body) == 1000
        with pytest.raises(SlowClient, match="other requests needed the memory"):
            await still.body
        still.leave()
        coming.leave()
        late = Client(memory)
        await late.send(999)
        await late.send(1, more=False)
        assert len(await late.body) == 1000  # all of the memory is free again, and no more than that

    run(work())


def test_a_body_that_arrives_steadily_is_kept() -> None:
    async def work() -> None:
        memory = BodyMemory(ROOM_BYTES, patience_s=3600)
        first, second = Client(memory), Client(memory)
        await first.send(900)

        await second.send(50)
        await second.send(51, more=False)

        with pytest.raises(Busy):
            await second.body
        second.leave()
        await first.send(100, more=False)
        assert len(await first.body) == 1000

    run(work())


def test_a_complete_body_is_not_dropped() -> None:
    """Its call is under way."""

    async def work() -> None:
        memory = BodyMemory(ROOM_BYTES, patience_s=0)
        whole, second = Client(memory), Client(memory)
        await whole.send(500)
        await whole.send(400, more=False)
        assert len(await whole.body) == 900

        await second.send(100)
        await second.send(1, more=False)

        with pytest.raises(Busy):
            await second.body

    run(work())
