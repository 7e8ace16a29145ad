"""What the parts of a server are put together from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from trackside.access.gate import Gate
from trackside.artifacts.lanes import StoreThreads
from trackside.artifacts.roots import Roots
from trackside.core.db.tx import HeardElsewhere
from trackside.core.http_client.cancellation import CancelToken
from trackside.core.outgoing.guard import Guard
from trackside.core.seal import Sealer
from trackside.core.settings import Settings
from trackside.core.work.lanes import Lanes
from trackside.core.work.threads import Threads
from trackside.endpoints.request_log.recorder import Recorder
from trackside.endpoints.work import Work
from trackside.identity.exchange import Exchange
from trackside.jobs.kinds import Kind
from trackside.monitoring.workers import Meters
from trackside.registry import own_routes as registry
from trackside.workspaces import routes as workspaces

# Threads of each kind that wait for other hosts: for webhooks that are tried, and for remotes that are linked or compared.
CALLER_THREADS = 8
CALLERS_EACH = 2  # of CALLER_THREADS, for one workspace
CALLER_WAIT_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Parts:
    """`kinds` are further kinds of jobs; `url` is where processes of this machine find the server.

    The server calls `closers` and `leavers` when it ends, and `wakers` after a change with the workspaces concerned."""

    settings: Settings
    db: Any
    roots: Roots
    threads: StoreThreads
    gate: Gate
    exchange: Exchange
    sealer: Sealer
    registry_files: registry.Files
    workspaces: workspaces.Calls
    endpoints: Work
    recorder: Recorder
    meters: Meters
    link_callers: Lanes
    guard_of_links: Guard
    cancel_token: CancelToken
    url: str
    kinds: Sequence[Kind[Any]]
    interval_factor: float
    closers: list[Callable[[], object]]
    leavers: list[Callable[[], None]]
    wakers: list[HeardElsewhere]


def sealer_of(settings: Settings) -> Sealer:
    return Sealer(settings.secret_key, settings.data / "secret.key")


def callers_for(what: str, closers: list[Callable[[], object]]) -> Lanes:
    """Threads that wait for other hosts, with a share for each workspace."""
    threads = Threads(CALLER_THREADS, f"trackside-{what}-callers")
    closers.append(threads.shutdown)
    words = f"The part of the server that calls other hosts for {what}"
    return Lanes(threads, most=CALLER_THREADS, each=CALLERS_EACH, wait_s=CALLER_WAIT_S, what=words)
