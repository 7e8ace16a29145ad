"""The parts of a server that are ready when it starts to listen; others load while it answers."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from trackside.access.gate import Gate
from trackside.artifacts.roots import Roots
from trackside.core.db.tx import OnChange
from trackside.core.outgoing.addresses import Rules, listed
from trackside.core.places import RootPolicy
from trackside.core.seal import Sealer
from trackside.core.settings import Settings
from trackside.core.work.keyed_pool import KeyedPool
from trackside.core.work.threads import Threads
from trackside.identity.exchange import Exchange
from trackside.monitoring.workers import Meters
from trackside.runs.documents import Documents
from trackside.runs.orders import Orders
from trackside.workspaces.service import Directory

if TYPE_CHECKING:
    from trackside.jobs.kinds import Kind

# Threads of each pool of callers: for test deliveries of webhooks, for links and comparisons, for sign-ins.
CALLER_THREADS = 8
CALLERS_EACH = 2  # of CALLER_THREADS, for one workspace
CALLER_WAIT_S = 10.0


class Base(Struct, frozen=True, kw_only=True):
    """`providers` are the identity providers; `kinds` are further kinds of jobs; `url` is the address of the server for processes
    of this machine; `workers` is the folder in which the processes of one server share their counters, None for one process;
    `start_id` is this start of the server in the names of lease holders.

    The server calls `leavers` when it begins to stop, `closers` at the end, and `wakers` after each change with the workspaces
    that changed."""

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
    start_id: str
    kinds: Sequence["Kind[Any]"]
    workers: Path | None
    interval_factor: float
    closers: list[Callable[[], object]]
    leavers: list[Callable[[], None]]
    wakers: list[OnChange]


def sealer_of(settings: Settings) -> Sealer:
    return Sealer(settings.secret_key, settings.data / "secret.key")


def rules(settings: Settings, *, opens_private: bool) -> Rules:
    """Return the rules of the addresses that the server may call for a user."""
    hosts, networks = listed(settings.allowed_remotes)
    # Only on a local server may a message name the addresses of a host: they would reveal the server's network.
    return Rules(opens_private=opens_private, hosts=hosts, networks=networks, tells=settings.is_local)


def callers_for(what: str, closers: list[Callable[[], object]]) -> KeyedPool:
    """Return a thread pool for calls to other hosts, with a concurrency limit for each workspace."""
    threads = Threads(CALLER_THREADS, f"trackside-{what}-callers")
    closers.append(threads.shutdown)
    subject = f"The part of the server that calls other hosts for {what}"
    return KeyedPool(threads, most=CALLER_THREADS, each=CALLERS_EACH, wait_s=CALLER_WAIT_S, what=subject)
