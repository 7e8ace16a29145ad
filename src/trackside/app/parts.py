"""What the parts of a server are put together from, for those that load after it listens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from trackside.access.gate import Gate
from trackside.artifacts.lanes import StoreThreads
from trackside.artifacts.roots import Roots
from trackside.core.http_client.cancellation import Ending
from trackside.core.outgoing.guard import Guard
from trackside.core.seal import Sealer
from trackside.core.settings import Settings
from trackside.core.work.lanes import Lanes
from trackside.endpoints.request_log.recorder import Recorder
from trackside.identity.exchange import Exchange
from trackside.jobs.kinds import Kind
from trackside.registry import own_routes as registry


@dataclass(frozen=True, kw_only=True)
class Parts:
    """`kinds` are further kinds of jobs; `url` is where processes of this machine find the server.

    Who adds to `closers`, `leavers` or `wakers` is closed, told of the end, or woken by a change."""

    settings: Settings
    db: Any
    roots: Roots
    threads: StoreThreads
    gate: Gate
    exchange: Exchange
    sealer: Sealer
    registry_files: registry.Files
    recorder: Recorder
    link_callers: Lanes
    guard_of_links: Guard
    ending: Ending
    url: str
    kinds: Sequence[Kind[Any]]
    interval_factor: float
    closers: list[Callable[[], object]]
    leavers: list[Callable[[], None]]
    wakers: list[Callable[[], None]]
