"""The composition root: builds the application from all slices.  `app.later` adds the parts that load after the start."""

import logging
from collections.abc import Callable, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackside import server
from trackside.app import sign_in
from trackside.app.base import Base, sealer_of
from trackside.app.places import LOCATE
from trackside.artifacts.roots import Roots
from trackside.azure.dialects import Dialects
from trackside.core.access import Action
from trackside.core.db.tx import OnChange
from trackside.core.http import security
from trackside.core.http.edge import Edge
from trackside.core.http.meter import Meter
from trackside.core.http.request_log import Requests
from trackside.core.http.routes import Route, Table, stream
from trackside.core.places import RootPolicy
from trackside.core.settings import Settings
from trackside.core.work.commit_notifier import CommitNotifier
from trackside.core.work.loop import Loop
from trackside.events import store as change_log
from trackside.experiments import routes as experiments
from trackside.identity.exchange import Exchange
from trackside.monitoring import health, probes
from trackside.monitoring.families import POINTS_KEY
from trackside.monitoring.workers import Meters
from trackside.opening import Opening, open_database
from trackside.runs import keeper
from trackside.runs import routes as runs
from trackside.runs.documents import Documents
from trackside.runs.orders import Orders
from trackside.ui import routes as ui
from trackside.workspaces.model import parse_workspace
from trackside.workspaces.service import Directory

if TYPE_CHECKING:
    from trackside.jobs.kinds import Kind

_log = logging.getLogger("trackside")

STATISTICS_EVERY_S = 5.0
ORDERS_EVERY_S = 60.0  # unused orders are dropped


class App:
    """A server without its socket.

    `asgi` answers requests, `complete` loads the parts that are not needed to listen, `leave` cancels waits for other
    servers, and `close` stops background work.
    """

    def __init__(
        self, asgi: Any, table: Table, closers: Sequence[Callable[[], object]], leavers: Sequence[Callable[[], None]]
    ) -> None:
        self.asgi = asgi
        self._table = table
        self._closers = closers
        self._leavers = leavers

    @property
    def routes(self) -> Sequence[Route]:
        return self._table.routes

    def complete(self) -> None:
        """Load the rest of the server; requests for its routes wait for this."""
        self._table.complete()

    def leave(self) -> None:
        """Stop accepting work, before `close`.  Does nothing when called again."""
        for leaver in self._leavers:
            leaver()

    def close(self) -> None:
        """Close everything, also after an error.  Raise the first error at the end, and log the others."""
        self._table.end()  # first: a load that ends only now adds to the others
        errors: list[Exception] = []
        for end in [*self._leavers, *reversed(self._closers)]:
            try:
                end()
            except Exception as error:  # noqa: BLE001  # of any part: it must keep no other part open
                errors.append(error)
        for later in errors[1:]:
            _log.error("a part of the server did not close: %s", later)
        if errors:
            raise errors[0]


def _pages(settings: Settings) -> list[Route]:
    if settings.ui != "mlflow":
        return ui.routes(settings.static_prefix)
    from trackside.stock_ui import files as stock_files  # noqa: PLC0415  # only for those who want them
    from trackside.stock_ui import routes as stock_ui  # noqa: PLC0415

    folder = stock_files.folder()
    if folder is None:
        raise RuntimeError(stock_files.MISSING)
    return stock_ui.pages(folder, settings.static_prefix)


def _readiness(settings: Settings, db: Any) -> health.Readiness:
    local = settings.artifacts.path
    checks = {"store": db.fault, "disk": health.disk_of(settings.data)}
    if local is not None:
        checks["artifacts"] = health.writable(local)
    return health.Readiness(checks)


def _requests(settings: Settings, closers: list[Callable[[], object]]) -> Requests:
    """Return the recorder of requests: log lines and spans."""
    trace = None
    if settings.otlp_endpoint:
        from trackside.core.http.traces import Traces  # noqa: PLC0415  # needs an extra

        traces = Traces(settings.otlp_endpoint)
        closers.append(traces.close)
        trace = traces.note
    return Requests(is_logged=settings.log_format == "json", trace=trace)


def _together(calls: Sequence[OnChange]) -> OnChange:
    def call_all(workspaces: Set[int] | None) -> None:
        for call in calls:
            call(workspaces)

    return call_all


def build(
    settings: Settings,
    *,
    interval_factor: float = 1.0,
    url: str = "",
    start_id: str = "",
    kinds: Sequence["Kind[Any]"] = (),
    is_partial: bool = False,
    workers: Path | None = None,
    opening: Opening | None = None,
) -> App:
    """Start everything but the socket.  `interval_factor` multiplies the intervals of background work; `url` is where
    processes of this machine find the server; `kinds` are further kinds of jobs; `is_partial` leaves the rest to `complete`;
    `workers` is where the processes of one server share what they count, None for one that is alone; `opening` is the store
    where it is being opened already; `start_id` is this start of the server in the names of lease holders."""
    closers: list[Callable[[], object]] = []
    leavers: list[Callable[[], None]] = []
    wakers: list[OnChange] = []  # of loops that wait for changes
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
        change_log.register(db, change_log.WEBHOOKS)  # the only write during the load of the rest
        directory = Directory(db)
        meters = Meters(Meter(), Meter(), Meter())
        known = sign_in.issuers(settings)
        keys = sealer_of(settings)
        exchange = Exchange(lambda: bytes.fromhex(keys.derived("azure: tokens")))
        gate = sign_in.gate(settings, db, known, exchange, closers)
        db.writer.when_committed(meters.commits.note)
        db.reads.note = meters.work.note
        readiness = _readiness(settings, db)
        leavers.append(readiness.leave)
        documents, orders = Documents(db.writer), Orders()
        table: list[Route] = [
            *server.routes(db.fault, has_mlflow_pages=settings.ui == "mlflow"),
            *_pages(settings),
            *experiments.routes(settings.default_artifact_root, is_local=settings.is_local),
            *runs.routes(documents, orders, lambda ws, points: meters.work.count((POINTS_KEY, ws), points)),
            *probes.routes(readiness),
        ]
        base = Base(
            settings=settings,
            db=db,
            roots=roots,
            policy=policy,
            directory=directory,
            gate=gate,
            providers=known,
            exchange=exchange,
            sealer=keys,
            meters=meters,
            documents=documents,
            orders=orders,
            url=url,
            start_id=start_id,
            kinds=kinds,
            workers=workers,
            interval_factor=interval_factor,
            closers=closers,
            leavers=leavers,
            wakers=wakers,
        )

        def rest() -> list[Route]:
            from trackside.app import later  # noqa: PLC0415  # most modules, while the server answers already

            made = later.routes(base)
            document = server.Document([*table, *made])
            return [*made, stream("GET /openapi.json", document.get, needs=Action.ANYONE, has_workspace=False)]

        routes = Table(table, rest)
        guard = security.Guard(settings.allowed_hosts, settings.cors_origins, prefix=settings.static_prefix)
        edge = Edge(
            routes,
            db,
            parse_workspace,
            directory.resolve,
            guard,
            gate,
            locate=LOCATE,
            recall=directory.recall,
            meter=meters.requests,
            requests=_requests(settings, closers),
            static_prefix=settings.static_prefix,
            read_s=settings.search_timeout_s,
            dialects=Dialects(parse_workspace, directory.recall, directory.resolve, prefix=settings.static_prefix),
        )
        closers.append(edge.close)
        closers.append(Loop("documents", lambda: keeper.step(db), lambda: keeper.rest_s(db)).close)
        ordering = Loop("orders", lambda: orders.step(db), ORDERS_EVERY_S)
        orders.wake = ordering.wake
        closers.append(ordering.close)
        if db.dialect == "postgresql":
            closers.append(Loop("statistics", db.renew_statistics, STATISTICS_EVERY_S).close)
        wake_all = _together(wakers)
        db.listen(wake_all)
        notifier = CommitNotifier(wake_all)
        closers.append(notifier.close)
        db.when_changed(notifier.notify)
        # The settings of a cluster are checked before the server listens.
        if not is_partial or settings.ray_address or settings.kubernetes_namespace:
            routes.complete()
    except BaseException:
        try:
            App(None, Table([]), closers, leavers).close()
        except Exception as error:  # noqa: BLE001  # the error of the start is raised
            _log.error("a part of the server did not close: %s", error)
        raise
    return App(edge, routes, closers, leavers)
