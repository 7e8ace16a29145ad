"""Puts the server together: every route, loop and adapter.  The map of the product."""

from collections.abc import Callable, Sequence, Set
from pathlib import Path
from typing import Any

from trackside import __version__, server, tenants
from trackside.access import routes as access
from trackside.access.gate import Gate
from trackside.access.mlflow_auth import routes as mlflow_auth
from trackside.app import endpoints, sign_in, span_files
from trackside.app.parts import Parts, callers_for, sealer_of
from trackside.artifacts import routes as artifacts
from trackside.artifacts.lanes import StoreThreads
from trackside.artifacts.local import LocalBlobs
from trackside.artifacts.roots import Roots
from trackside.audit import routes as audit
from trackside.azure.dialects import Dialects
from trackside.core.access import Action
from trackside.core.db.tx import HeardElsewhere
from trackside.core.http import security
from trackside.core.http.edge import Edge
from trackside.core.http.meter import Meter
from trackside.core.http.request_log import Requests
from trackside.core.http.routes import Route, Table, stream
from trackside.core.http_client.cancellation import CancelToken
from trackside.core.outgoing.addresses import Rules, listed
from trackside.core.outgoing.guard import Guard
from trackside.core.places import RootPolicy
from trackside.core.settings import Settings, SqliteStore
from trackside.core.work.chime import Chime
from trackside.core.work.lanes import Lanes
from trackside.core.work.loop import Loop
from trackside.core.work.threads import Threads
from trackside.endpoints.request_log.recorder import Recorder
from trackside.evaluation_datasets import routes as evaluation_datasets
from trackside.evaluation_datasets import store as evaluation_dataset_store
from trackside.events import live_routes as live
from trackside.events import mail
from trackside.events import routes as events
from trackside.events import store as change_log
from trackside.events.delivery import Post
from trackside.events.live import EVERY_S as LIVE_EVERY_S
from trackside.events.live import Hub
from trackside.events.mail import Mailer
from trackside.events.worker import STEP_S, Courier
from trackside.experiments import routes as experiments
from trackside.experiments import store as experiment_store
from trackside.identity.exchange import Exchange
from trackside.jobs.kinds import Kind
from trackside.logged_models import owners
from trackside.logged_models import routes as logged_models
from trackside.logged_models import store as logged_model_store
from trackside.monitoring import health
from trackside.monitoring import routes as monitoring
from trackside.monitoring.families import DELIVERY_KEY, DROPPED_KEY, POINTS_KEY
from trackside.monitoring.watch import Watch
from trackside.monitoring.workers import WRITE_EVERY_S, Alone, Meters, OneOfMany
from trackside.opening import Opening, open_database
from trackside.registry import own_routes as registry_own
from trackside.registry import routes as registry
from trackside.runs import keeper
from trackside.runs import routes as runs
from trackside.runs import store as run_store
from trackside.runs.orders import Orders
from trackside.runs.table import export_routes as exports
from trackside.ui import routes as ui
from trackside.views import store as view_store
from trackside.workspaces import routes as workspaces
from trackside.workspaces.model import doors
from trackside.workspaces.service import Directory

DOCUMENTS_EVERY_S = 0.1
STATISTICS_EVERY_S = 5.0
ORDERS_EVERY_S = 60.0  # those that nobody uses are dropped
PRUNE_EVERY_S = 3600.0

# Where things are that calls name, for callers who may enter some experiments and not others.
LOCATE = {
    "experiment_name": experiment_store.locate_named,
    "run": run_store.locate,
    "logged_model": logged_model_store.locate,
    "artifact": owners.locate,
    "view": view_store.locate,
    "evaluation_dataset": evaluation_dataset_store.locate,
    "trace": span_files.locate_trace,
    "label_schema": span_files.locate_label_schema,
    "review_queue": span_files.locate_review_queue,
    "issue": span_files.locate_issue,
}
MONITORING_THREADS = 2  # one may count rows while the other writes a scrape


class App:
    """A server without its socket: `asgi` answers, `complete` loads what is not needed to listen, `leave` cuts short what
    waits for other servers, and `close` ends what runs beside it."""

    def __init__(
        self, asgi: Any, table: Table, closers: list[Callable[[], object]], leavers: list[Callable[[], None]]
    ) -> None:
        self.asgi = asgi
        self._table = table
        self._closers = closers
        self._leavers = leavers

    @property
    def routes(self) -> Sequence[Route]:
        return self._table.routes

    def complete(self) -> None:
        """Load the rest of the server; a request for a route of it waits for this."""
        self._table.complete()

    def leave(self) -> None:
        """Harmless when it was done already."""
        for leaver in self._leavers:
            leaver()

    def close(self) -> None:
        self._table.end()
        self.leave()
        for closer in reversed(self._closers):
            closer()


def _is_near(settings: Settings, roots: Roots) -> bool:
    """Return whether artifacts are on the file system of the SQLite store, whose pages are read on the event loop too."""
    return (
        isinstance(settings.store, SqliteStore)
        and isinstance(roots.store, LocalBlobs)
        and roots.store.is_on(settings.store.path.parent)
    )


def _pages(settings: Settings) -> list[Route]:
    if settings.ui != "mlflow":
        return ui.routes(settings.static_prefix)
    from trackside.stock_ui import files as stock_files  # noqa: PLC0415  # only for those who want them
    from trackside.stock_ui import routes as stock_ui  # noqa: PLC0415

    folder = stock_files.folder()
    if folder is None:
        raise RuntimeError(stock_files.MISSING)
    return stock_ui.pages(folder, settings.static_prefix)


def _rules(settings: Settings, *, opens_private: bool) -> Rules:
    hosts, networks = listed(settings.allowed_remotes)
    # Until access control asks who calls, a caller may not learn what the server's network has.
    return Rules(opens_private=opens_private, hosts=hosts, networks=networks, tells=settings.is_local)


def _mailer(settings: Settings) -> Mailer:
    """What sends the mails of webhooks; it refuses all where the operator named no mail server."""
    wanted = settings.mail_server
    password = settings.mail_password.text if settings.mail_password else ""
    server = None
    if wanted is not None:
        server = mail.Server(
            wanted.host, wanted.port, wanted.tls, wanted.user, password, settings.mail_from, settings.mail_domains
        )
    return Mailer(server, settings.webhook_timeout_s)


def _events(
    settings: Settings,
    db: Any,
    callers: Lanes,
    gate: Gate,
    meters: Meters,
    closers: list[Callable[[], object]],
    leavers: list[Callable[[], None]],
    wakers: list[HeardElsewhere],
    interval_factor: float,
) -> list[Route]:
    """The log of changes and its readers."""
    sealer = sealer_of(settings)
    post = Post(
        schemes=settings.webhook_schemes,
        timeout_s=settings.webhook_timeout_s,
        guard=Guard(_rules(settings, opens_private=settings.allow_private_webhooks)),
        mailer=_mailer(settings),
    )
    courier = Courier(db, sealer, post, retries=settings.webhook_retries, why_not=gate.why_not)
    courier.count = lambda ws, result, count: meters.work.count((DELIVERY_KEY, ws, result), count)
    closers.append(courier.close)
    webhooks = Loop("webhooks", courier.step, STEP_S * interval_factor)
    closers.append(webhooks.close)
    closers.append(Loop("change-log", lambda: change_log.prune(db, settings.change_log_days), PRUNE_EVERY_S).close)
    hub = Hub(db)
    leavers.append(hub.end)
    pages = Loop("live", hub.step, LIVE_EVERY_S * interval_factor)
    closers.append(pages.close)
    wakers += [lambda _: webhooks.wake(), lambda _: pages.wake()]
    return [*events.routes(db, sealer, post, courier, callers), *live.routes(hub)]


def _monitoring(
    settings: Settings,
    db: Any,
    meters: Meters,
    closers: list[Callable[[], object]],
    leavers: list[Callable[[], None]],
    workers: Path | None,
) -> list[Route]:
    """Metrics and health."""
    local = settings.artifacts.path
    folders = {"data": settings.data, **({} if local is None else {"artifacts": local})}
    threads = Threads(MONITORING_THREADS, "trackside-monitoring")
    closers.append(lambda: threads.shutdown(wait=False, cancel_futures=True))
    db.writer.when_committed(meters.commits.note)
    db.reads.note = meters.work.note
    shared: Alone | OneOfMany = Alone(meters, db.connections)
    if workers is not None:
        shared = OneOfMany(meters, workers, db.connections)
        closers.append(shared.close)
        closers.append(Loop("worker-counts", shared.step, WRITE_EVERY_S).close)
    watch = Watch(db, shared, (__version__, db.dialect), folders, threads)
    checks = {"store": db.fault, "disk": health.disk_of(settings.data)}
    if local is not None:
        checks["artifacts"] = health.writable(local)
    readiness = health.Readiness(checks)
    leavers.append(readiness.leave)
    return monitoring.routes(watch, readiness)


def _requests(settings: Settings, closers: list[Callable[[], object]]) -> Requests:
    """What is told of each request: a line of the log, a span."""
    trace = None
    if settings.otlp_endpoint:
        from trackside.core.http.traces import Traces  # noqa: PLC0415  # needs an extra

        traces = Traces(settings.otlp_endpoint)
        closers.append(traces.close)
        trace = traces.note
    return Requests(is_logged=settings.log_format == "json", trace=trace)


def _together(calls: Sequence[HeardElsewhere]) -> HeardElsewhere:
    def call_all(workspaces: Set[int] | None) -> None:
        for call in calls:
            call(workspaces)

    return call_all


def build(
    settings: Settings,
    *,
    interval_factor: float = 1.0,
    url: str = "",
    kinds: Sequence[Kind[Any]] = (),
    is_partial: bool = False,
    workers: Path | None = None,
    opening: Opening | None = None,
) -> App:
    """Start everything but the socket.  `interval_factor` multiplies the intervals of background work; `url` is where
    processes of this machine find the server; `kinds` are further kinds of jobs; `is_partial` leaves the rest to `complete`;
    `workers` is where the processes of one server share what they count, None for one that is alone; `opening` is the store
    where it is being opened already."""
    closers: list[Callable[[], object]] = []
    leavers: list[Callable[[], None]] = []
    wakers: list[HeardElsewhere] = []  # of loops that wait for changes
    try:
        policy = RootPolicy(settings.allowed_artifact_roots, settings.own_places)
        roots = Roots(
            settings.artifacts.url,
            durable=settings.durability == "full",
            served=[settings.default_artifact_root],
            policy=policy,
        )
        closers.append(roots.close)
        db = open_database(settings) if opening is None else opening.take()
        closers.append(db.close)
        directory = Directory(db)
        meters = Meters(Meter(), Meter(), Meter())
        known = sign_in.issuers(settings)
        keys = sealer_of(settings)
        exchange = Exchange(lambda: bytes.fromhex(keys.derived("azure: tokens")))
        gate = sign_in.gate(settings, db, known, exchange, closers)
        threads = StoreThreads(settings.artifact_timeout_s)
        registry_files = registry_own.Files(roots, threads)
        closers.append(threads.close)
        leavers.append(threads.leave)
        guard_of_links = Guard(_rules(settings, opens_private=settings.is_local))
        closers.append(guard_of_links.close)
        cancel_token = CancelToken()
        leavers.append(cancel_token.cancel)
        link_callers = callers_for("links", closers)
        webhook_callers = callers_for("webhooks", closers)
        leavers += [link_callers.leave, webhook_callers.leave]

        recorder = Recorder(db, settings.data / "endpoints" / "requests", settings.child_environment)
        recorder.note_dropped = lambda endpoint_seq, count: meters.work.count((DROPPED_KEY, endpoint_seq), count)
        closers.append(recorder.close)
        orders = Orders()
        spaces = workspaces.Calls(directory, tenants.make(settings.default_artifact_root), policy)
        table: list[Route] = [
            *server.routes(db.fault, has_mlflow_pages=settings.ui == "mlflow"),
            *_pages(settings),
            *sign_in.routes(settings, gate, known, closers, leavers),
            *access.routes(gate),
            *mlflow_auth.routes(gate, "READ" if "reader" in settings.default_role else "NO_PERMISSIONS"),
            *audit.routes(),
            *workspaces.routes(spaces),
            *experiments.routes(settings.default_artifact_root, is_local=settings.is_local),
            *runs.routes(db.writer, orders, lambda ws, points: meters.work.count((POINTS_KEY, ws), points)),
            *exports.routes(),
            *evaluation_datasets.routes(),
            *artifacts.routes(
                roots,
                threads,
                span_files.SpanFiles(settings.model_prices, roots, settings.artifact_timeout_s),
                is_near=_is_near(settings, roots),
            ),
            *logged_models.routes(roots, threads),
            *registry.routes(),
            *registry_own.routes(registry_files),
            *_events(settings, db, webhook_callers, gate, meters, closers, leavers, wakers, interval_factor),
        ]
        serving, serving_routes = endpoints.routes(
            settings, db, roots, meters.scoring, gate, recorder, keys, closers, interval_factor
        )
        table += serving_routes
        table += _monitoring(settings, db, meters, closers, leavers, workers)

        parts = Parts(
            settings=settings,
            db=db,
            roots=roots,
            threads=threads,
            gate=gate,
            exchange=exchange,
            sealer=keys,
            registry_files=registry_files,
            workspaces=spaces,
            endpoints=serving,
            recorder=recorder,
            meters=meters,
            link_callers=link_callers,
            guard_of_links=guard_of_links,
            cancel_token=cancel_token,
            url=url,
            kinds=kinds,
            interval_factor=interval_factor,
            closers=closers,
            leavers=leavers,
            wakers=wakers,
        )

        def rest() -> list[Route]:
            from trackside.app import later  # noqa: PLC0415  # a third of all modules, while the server answers already

            made = later.routes(parts)
            document = server.Document([*table, *made])
            return [*made, stream("GET /openapi.json", document.get, needs=Action.ANYONE, has_workspace=False)]

        routes = Table(table, rest)
        guard = security.Guard(settings.allowed_hosts, settings.cors_origins, prefix=settings.static_prefix)
        edge = Edge(
            routes,
            db,
            doors,
            directory.resolve,
            guard,
            gate,
            locate=LOCATE,
            recall=directory.recall,
            meter=meters.requests,
            requests=_requests(settings, closers),
            static_prefix=settings.static_prefix,
            read_s=settings.search_timeout_s,
            dialects=Dialects(doors, directory.recall, directory.resolve, prefix=settings.static_prefix),
        )
        closers.append(edge.close)
        closers.append(Loop("documents", lambda: keeper.step(db), DOCUMENTS_EVERY_S).close)
        ordering = Loop("orders", lambda: orders.step(db), ORDERS_EVERY_S)
        orders.wake = ordering.wake
        closers.append(ordering.close)
        if db.dialect == "postgresql":
            closers.append(Loop("statistics", db.renew_statistics, STATISTICS_EVERY_S).close)
        wake_all = _together(wakers)
        db.listen(wake_all)
        chime = Chime(wake_all)
        closers.append(chime.close)
        db.when_changed(chime.ring)
    except BaseException:
        App(None, Table([]), closers, leavers).close()
        raise
    made = App(edge, routes, closers, leavers)
    if not is_partial:
        made.complete()
    return made
