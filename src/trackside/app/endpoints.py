"""Puts together the endpoints: the controller of their replicas, and the router in front of these."""

import sys
from collections.abc import Callable
from pathlib import Path

from trackside.app.parts import Parts
from trackside.core.http.routes import Route
from trackside.core.settings import Settings
from trackside.core.work.loop import Loop
from trackside.core.work.threads import Threads
from trackside.endpoints import replica_files
from trackside.endpoints import routes as endpoints
from trackside.endpoints import scoring_routes as scoring
from trackside.endpoints import traffic_routes as endpoint_traffic
from trackside.endpoints.backends import kubernetes_cluster
from trackside.endpoints.backends.chosen import Backends
from trackside.endpoints.backends.kubernetes_cluster import KubernetesBackend
from trackside.endpoints.backends.kubernetes_manifests import Place
from trackside.endpoints.backends.logs import Logs
from trackside.endpoints.backends.port import Backend
from trackside.endpoints.backends.process import ProcessBackend
from trackside.endpoints.backends.ray_cluster import RayBackend
from trackside.endpoints.cleanup import Cleanup
from trackside.endpoints.controller import Controller
from trackside.endpoints.request_log import routes as request_log
from trackside.endpoints.routing import Routing
from trackside.endpoints.traffic import Traffic
from trackside.endpoints.work import Work

PREPARING_THREADS = 2  # that copy models and build their environments
ENDPOINTS_EVERY_S = 0.25
STORE_ID_CHARS = 16
TRAFFIC_EVERY_S = 5.0
CLEANUP_EVERY_S = 600.0  # of files that no endpoint needs
RECORDER_EVERY_S = 1.0
ROUTING_EVERY_S = 1.0  # for changes by other servers of the store; the server's own changes are applied at once


def _backends(settings: Settings, folder: Path, token_of: Callable[[str], str], routing: Routing) -> Backends:
    """The places where replicas run: this machine, and the clusters that the server was started with."""
    logs = Logs(folder / "logs")
    found: dict[str, Backend] = {"process": ProcessBackend(folder, settings.child_environment, logs)}
    if settings.ray_address:
        python = settings.ray_python or sys.executable
        variables = {**settings.child_environment, **settings.ray_environment}
        found["ray"] = RayBackend(settings.ray_address, python, logs, variables, token_of)
    if settings.kubernetes_namespace:
        client, api = kubernetes_cluster.connected(settings.kubernetes_config, settings.kubernetes_context)
        place = Place(
            settings.kubernetes_namespace,
            settings.kubernetes_image,
            settings.kubernetes_server_url,
            store=token_of("store")[:STORE_ID_CHARS],
        )
        found["kubernetes"] = KubernetesBackend(client, api, place, logs, token_of, routing.keys_of)
    return Backends(found, logs)


def routes(parts: Parts) -> tuple[Work, list[Route]]:
    """Return what the calls that manage endpoints share, and the routes of endpoints; start the controller of their replicas and
    the router in front of these."""
    settings, db, roots, gate = parts.settings, parts.db, parts.roots, parts.gate
    sealer, recorder, meter = parts.sealer, parts.recorder, parts.meters.scoring
    closers, interval_factor = parts.closers, parts.interval_factor
    folder = settings.data / "endpoints"

    def token_of(purpose: str) -> str:
        return sealer.derived(f"endpoints: {purpose}")

    routing = Routing(db, token_of=token_of)
    backend = _backends(settings, folder, token_of, routing)
    closers.append(backend.close)
    preparing = Threads(PREPARING_THREADS, "trackside-models")
    closers.append(lambda: preparing.shutdown(wait=False, cancel_futures=True))
    controller = Controller(
        db,
        roots,
        backend,
        folder,
        preparing,
        on_change=routing.refresh,
        active=routing.active,
        local_python=settings.model_python,
        start=parts.start_id,
    )
    closers.append(controller.close)

    def rest_s() -> float:
        return ENDPOINTS_EVERY_S * (interval_factor if controller.is_needed else 1.0)

    loop = Loop("endpoints", controller.step, rest_s)
    closers.append(loop.close)
    closers.append(Loop("endpoint-files", Cleanup(db, folder).step, CLEANUP_EVERY_S).close)
    recording = Loop("request-log", recorder.step, RECORDER_EVERY_S * interval_factor)
    recorder.wake = recording.wake
    closers.append(recording.close)
    traffic = Traffic(db, meter)
    closers.append(traffic.step)
    closers.append(Loop("traffic", traffic.step, TRAFFIC_EVERY_S * interval_factor).close)
    routing_s = ROUTING_EVERY_S * (interval_factor if db.shared else 1.0)
    closers.append(Loop("routing", routing.refresh, routing_s).close)
    work = Work(sealer, routing, backend, loop.wake)
    return work, [
        *endpoints.routes(work),
        *scoring.routes(routing, meter, gate, recorder),
        *request_log.routes(recorder, routing.refresh),
        *endpoint_traffic.routes(),
        *replica_files.routes(folder / "models", token_of),
    ]
