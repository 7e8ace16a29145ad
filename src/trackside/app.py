"""Puts the server together: every route, loop and adapter.  The map of the product."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from trackside import server, tenants
from trackside.artifacts import routes as artifacts
from trackside.artifacts.roots import Roots
from trackside.core.access import Access
from trackside.core.db import migrate
from trackside.core.db.sqlite import SqliteDatabase
from trackside.core.http.edge import Edge
from trackside.core.http.routes import Route, Table, stream
from trackside.core.http.security import Guard
from trackside.core.settings import Settings, SqliteStore
from trackside.core.work.loop import Loop
from trackside.experiments import routes as experiments
from trackside.experiments import store as experiment_store
from trackside.logged_models import routes as logged_models
from trackside.registry import own_routes as registry_own
from trackside.registry import routes as registry
from trackside.runs import keeper
from trackside.runs import routes as runs
from trackside.workspaces import routes as workspaces
from trackside.workspaces import store as workspace_store
from trackside.workspaces.model import doors
from trackside.workspaces.service import Directory

ARTIFACT_THREADS = 8
DOCUMENTS_EVERY_S = 1.0


class App:
    """A server without its socket: `asgi` answers, `close` ends what runs beside it."""

    def __init__(self, asgi: Any, closers: list[Callable[[], None]]) -> None:
        self.asgi = asgi
        self._closers = closers

    def close(self) -> None:
        for closer in reversed(self._closers):
            closer()


def open_database(settings: Settings) -> Any:
    """The store that the settings name, at the schema of this version."""
    if isinstance(settings.store, SqliteStore):
        db: Any = SqliteDatabase(settings.store.path, settings.durability)
    else:
        from trackside.core.db.postgres import PostgresDatabase  # noqa: PLC0415  # needs an extra

        db = PostgresDatabase(settings.store, settings.durability)
    try:
        migrate.upgrade(db, settings.data / "backups")
        with db.write(workspace_store.DEFAULT_WORKSPACE_ID) as tx:
            workspace_store.create_default(tx)
            experiment_store.create_default(tx, settings.default_artifact_root)
    except BaseException:
        db.close()
        raise
    return db


def build(settings: Settings) -> App:
    closers: list[Callable[[], None]] = []
    try:
        db = open_database(settings)
        closers.append(db.close)
        directory = Directory(db)
        roots = Roots(
            settings.artifacts.url, durable=settings.durability == "full", served=[settings.default_artifact_root]
        )
        closers.append(roots.close)
        threads = ThreadPoolExecutor(ARTIFACT_THREADS, thread_name_prefix="trackside-artifacts")
        closers.append(threads.shutdown)
        table: list[Route] = [
            *server.routes(),
            *workspaces.routes(directory, tenants.make(settings.default_artifact_root)),
            *experiments.routes(settings.default_artifact_root),
            *runs.routes(db.writer),
            *artifacts.routes(roots, threads),
            *logged_models.routes(roots, threads),
            *registry.routes(),
            *registry_own.routes(roots, threads),
        ]
        document = server.Document(table)
        table.append(stream("GET /openapi.json", document.get, needs=Access.NONE, has_workspace=False))
        guard = Guard(settings.allowed_hosts, settings.cors_origins, prefix=settings.static_prefix)
        edge = Edge(Table(table), db, doors, directory.resolve, guard, static_prefix=settings.static_prefix)
        closers.append(edge.close)
        closers.append(Loop("documents", lambda: keeper.step(db), DOCUMENTS_EVERY_S).close)
    except BaseException:
        App(None, closers).close()
        raise
    return App(edge, closers)
