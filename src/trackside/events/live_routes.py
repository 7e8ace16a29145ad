"""The long poll by which open pages learn of changes."""

import asyncio
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from msgspec import Struct

from trackside.core.access import Action
from trackside.core.errors import Invalid
from trackside.core.http import codec
from trackside.core.http.codec import Call
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Request, Response
from trackside.events.live import Changed, Found, Hub, Wanted
from trackside.events.readable import is_readable

MAX_WAIT_S = 55  # proxies end an answer that has not begun after a minute
DEFAULT_WAIT_S = 25
MAX_IDS = 1_000
_JSON = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


class Live(Call, frozen=True):
    """`after` is a cursor; without it the call answers the current one at once."""

    after: int | None = None
    experiment_id: list[str] | None = None
    run_id: list[str] | None = None
    wait_s: float | None = None


class LiveChange(Struct, frozen=True, kw_only=True):
    """The changes of one entity since the cursor."""

    entity: str
    entity_id: str
    experiment_id: str | None
    actions: list[str]
    changed_at: int  # ms, of the last change


class LiveChanges(Struct, frozen=True, kw_only=True):
    """`reset`: the cursor is of another log or too old, so the page must be read again."""

    cursor: int
    reset: bool
    changes: list[LiveChange]


@dataclass(frozen=True)
class Calls:
    hub: Hub

    async def live(self, request: Request) -> Response:
        """Wait for changes after a cursor and return them, each entity once."""
        call: Live = codec.decode_query(Live, request.query)
        wait_s = _wait_of(call.wait_s)
        wanted = Wanted(_ids("experiment_id", call.experiment_id), _ids("run_id", call.run_id))
        cursor = await request.in_thread(self.hub.begin)
        if call.after is None:
            return _answer(Found(cursor), [])
        found = await self._wait(request, call.after, wanted, wait_s)
        rights = request.visit.rights
        return _answer(found, [each for each in found.changes if is_readable(rights, each.entry, each.experiment_id)])

    async def _wait(self, request: Request, after: int, wanted: Wanted, wait_s: float) -> Found:
        hub, ws = self.hub, request.workspace.workspace_id
        loop = asyncio.get_running_loop()
        until = time.monotonic() + wait_s
        event = hub.subscribe(loop)
        gone = asyncio.ensure_future(request.left())
        try:
            while True:
                event.clear()
                found = hub.since(ws, after, wanted)
                if found is None:
                    found = await request.read(partial(hub.look_up, after=after, wanted=wanted))
                rest = until - time.monotonic()
                if found.changes or found.is_reset or rest <= 0 or hub.is_ending or gone.done():
                    return found
                after = found.cursor
                changed = asyncio.ensure_future(event.wait())
                await asyncio.wait({changed, gone}, timeout=rest, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
        finally:
            gone.cancel()
            hub.leave(loop, event)


def routes(hub: Hub) -> list[Route]:
    calls = Calls(hub)
    return [
        stream("GET /api/trackside/v1/live", calls.live, arguments=Live, needs=Action.CHANGES_READ, answer=LiveChanges)
    ]


def _answer(found: Found, changes: Iterable[Changed]) -> Response:
    by_entity: dict[tuple[str, str], LiveChange] = {}
    for each in changes:
        entry = each.entry
        before = by_entity.pop((entry.entity, entry.entity_id), None)
        actions = [] if before is None else before.actions
        by_entity[entry.entity, entry.entity_id] = LiveChange(
            entity=entry.entity,
            entity_id=entry.entity_id,
            experiment_id=each.experiment_id,
            actions=actions if entry.action in actions else [*actions, entry.action],
            changed_at=entry.at,
        )
    body = LiveChanges(cursor=found.cursor, reset=found.is_reset, changes=list(by_entity.values()))
    return Response(200, _JSON, codec.encode(body))


def _wait_of(asked: float | None) -> float:
    wait_s = DEFAULT_WAIT_S if asked is None else asked
    if not (math.isfinite(wait_s) and 0 <= wait_s <= MAX_WAIT_S):
        raise Invalid(f"wait_s is {wait_s}; it must be between 0 and {MAX_WAIT_S}")
    return wait_s


def _ids(name: str, given: list[str] | None) -> frozenset[str]:
    if given is not None and len(given) > MAX_IDS:
        raise Invalid(f"{name} is given {len(given)} times; at most {MAX_IDS} are allowed")
    return frozenset(given or ())
