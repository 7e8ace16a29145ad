"""The parts from which the routes that load after the start are built."""

from msgspec import structs

from trackside import tenants
from trackside.app.base import Base, callers_for, rules
from trackside.artifacts.store_threads import StoreThreads
from trackside.core.http_client.cancellation import CancelToken
from trackside.core.outgoing.guard import Guard
from trackside.core.work.keyed_pool import KeyedPool
from trackside.endpoints.request_log.recorder import Recorder
from trackside.monitoring.families import DROPPED_KEY
from trackside.registry import own_routes as registry
from trackside.workspaces import routes as workspaces


class Parts(Base, frozen=True, kw_only=True):
    threads: StoreThreads
    registry_files: registry.Files
    workspaces: workspaces.Calls
    recorder: Recorder
    link_callers: KeyedPool
    guard_of_links: Guard
    cancel_token: CancelToken


def make(base: Base) -> Parts:
    settings, meters, closers, leavers = base.settings, base.meters, base.closers, base.leavers
    threads = StoreThreads(settings.artifact_timeout_s)
    closers.append(threads.close)
    leavers.append(threads.leave)
    guard_of_links = Guard(rules(settings, opens_private=settings.is_local))
    closers.append(guard_of_links.close)
    cancel_token = CancelToken()
    leavers.append(cancel_token.cancel)
    link_callers = callers_for("links", closers)
    leavers.append(link_callers.leave)
    recorder = Recorder(base.db, settings.data / "endpoints" / "requests", settings.child_environment)
    recorder.note_dropped = lambda endpoint_seq, count: meters.work.count((DROPPED_KEY, endpoint_seq), count)
    closers.append(recorder.close)
    return Parts(
        **structs.asdict(base),
        threads=threads,
        registry_files=registry.Files(base.roots, threads),
        workspaces=workspaces.Calls(base.directory, tenants.make(settings.default_artifact_root), base.policy),
        recorder=recorder,
        link_callers=link_callers,
        guard_of_links=guard_of_links,
        cancel_token=cancel_token,
    )
