"""What a server has from its start on, before the parts that load while it answers."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from trackside.access.gate import Gate
from trackside.artifacts.roots import Roots
from trackside.core.db.tx import HeardElsewhere
from trackside.core.outgoing.addresses import Rules, listed
from trackside.core.places import RootPolicy
from trackside.core.seal import Sealer
from trackside.core.settings import Settings
from trackside.core.work.lanes import Lanes
from trackside.core.work.threads import Threads
from trackside.identity.exchange import Exchange
from trackside.monitoring.workers import Meters
from trackside.runs.documents import Documents
from trackside.runs.orders import Orders
from trackside.workspaces.service import Directory

if TYPE_CHECKING:
    from trackside.jobs.kinds import Kind

# Threads of each kind that wait for other hosts: for webhooks that are tried, and for remotes that are linked or compared.
CALLER_THREADS = 8
CALLERS_EACH = 2  # of CALLER_THREADS, for one workspace
CALLER_WAIT_S = 10.0


class Base(Struct, frozen=True, kw_only=True):
    """`providers` are the identity providers; `kinds` are further kinds of jobs; `url` is where processes of this machine
    find the server; `workers` is where the processes of one server share what they count, None for one that is alone.

    The server calls `closers` and `leavers` when it ends, and `wakers` after a change with the workspaces concerned."""

    settings: Settings
    db: Any
    roots: Roots
    policy: RootPolicy
    directory: Directory
    gate: Gate
    providers: Any
    exchange: Exchange
    sealer: Sealer
    meters: Meters
    documents: Documents
    orders: Orders
    url: str
    kinds: Sequence["Kind[Any]"]
    workers: Path | None
    interval_factor: float
    closers: list[Callable[[], object]]
    leavers: list[Callable[[], None]]
    wakers: list[HeardElsewhere]


def sealer_of(settings: Settings) -> Sealer:
    return Sealer(settings.secret_key, settings.data / "secret.key")


def rules(settings: Settings, *, opens_private: bool) -> Rules:
    """Which addresses the server may call for a user."""
    hosts, networks = listed(settings.allowed_remotes)
    # Until access control asks who calls, a caller may not learn what the server's network has.
    return Rules(opens_private=opens_private, hosts=hosts, networks=networks, tells=settings.is_local)


def callers_for(what: str, closers: list[Callable[[], object]]) -> Lanes:
    """Threads that wait for other hosts, with a share for each workspace."""
    threads = Threads(CALLER_THREADS, f"trackside-{what}-callers")
    closers.append(threads.shutdown)
    words = f"The part of the server that calls other hosts for {what}"
    return Lanes(threads, most=CALLER_THREADS, each=CALLERS_EACH, wait_s=CALLER_WAIT_S, what=words)
