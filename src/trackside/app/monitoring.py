"""Connects the sources of the metrics that a monitoring system reads."""

from trackside import __version__
from trackside.app.base import Base
from trackside.core.http.routes import Route
from trackside.core.work.loop import Loop
from trackside.core.work.threads import Threads
from trackside.monitoring import routes as monitoring
from trackside.monitoring.watch import Watch
from trackside.monitoring.workers import WRITE_EVERY_S, OneOfMany, SingleProcess

MONITORING_THREADS = 2  # one may count rows while the other writes a scrape


def routes(base: Base) -> list[Route]:
    settings, db, meters, closers = base.settings, base.db, base.meters, base.closers
    local = settings.artifacts.path
    folders = {"data": settings.data, **({} if local is None else {"artifacts": local})}
    threads = Threads(MONITORING_THREADS, "trackside-monitoring")
    closers.append(lambda: threads.shutdown(wait=False, cancel_futures=True))
    shared: SingleProcess | OneOfMany = SingleProcess(meters, db.connections)
    if base.workers is not None:
        shared = OneOfMany(meters, base.workers, db.connections)
        closers.append(shared.close)
        closers.append(Loop("worker-counts", shared.step, WRITE_EVERY_S).close)
    return monitoring.routes(Watch(db, shared, (__version__, db.dialect), folders, threads))
