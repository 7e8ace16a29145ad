"""What all tests may use: both databases, the application in this process, and servers of their own.

Tests that ask for `db` or `api` run twice, on SQLite and on PostgreSQL.  Each begins with a store of its own, copied from
one that was made once.
"""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.client import Api, Inside
from support.postgres import Postgres
from support.servers import Server
from trackside import app
from trackside.core import settings
from trackside.core.settings import Settings
from trackside.experiments import store as experiments
from trackside.workspaces import store as workspaces

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "1"

STORES = ("sqlite", "postgresql")
ROOT = "mlflow-artifacts:/"


def make_settings(data: Path, store: str = "", **more: str) -> Settings:
    flags = {"--data": str(data), **({"--store": store} if store else {})}
    return settings.load({**flags, **{f"--{name.replace('_', '-')}": text for name, text in more.items()}}, {})


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, started when a test first asks for it."""
    server = Postgres()
    yield server
    server.close()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """An empty database."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as a server makes it at its first start."""
    data = tmp_path_factory.mktemp("sqlite")
    app.open_database(make_settings(data)).close()
    return data / "trackside.db"


@pytest.fixture(scope="session")
def postgres_stores(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Databases with the schema and nothing in it, to take one from and to give it back."""
    name = postgres.create()
    app.open_database(make_settings(tmp_path_factory.mktemp("postgresql"), postgres.url(name))).close()
    postgres.empty(name)
    stores = [name]
    yield stores
    for name in stores:
        postgres.drop(name)


@pytest.fixture
def sqlite_settings(tmp_path: Path, sqlite_template: Path) -> Settings:
    """Settings with a fresh store in a file."""
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(sqlite_template, data / "trackside.db")
    return make_settings(data)


@pytest.fixture
def postgres_settings(tmp_path: Path, postgres: Postgres, postgres_stores: list[str]) -> Iterator[Settings]:
    """Settings with a fresh store on PostgreSQL."""
    name = postgres_stores.pop()
    yield make_settings(tmp_path / "data", postgres.url(name))
    postgres.empty(name)
    postgres_stores.append(name)


@pytest.fixture(params=STORES)
def chosen(request: pytest.FixtureRequest) -> Settings:
    """Settings with a fresh store, on each database in turn."""
    found: Settings = request.getfixturevalue("sqlite_settings" if request.param == "sqlite" else "postgres_settings")
    return found


@pytest.fixture
def db(chosen: Settings) -> Iterator[Any]:
    """A store with the default workspace (1), on each database in turn."""
    database = app.open_database(chosen)
    yield database
    database.close()


@pytest.fixture
def make_workspace(db: Any) -> Callable[[str], int]:
    """Makes a workspace with its default experiment, and gives its id."""

    def make(name: str) -> int:
        with db.write(workspaces.DEFAULT_WORKSPACE_ID) as tx:
            made = workspaces.create(tx, name)
            experiments.create_default(tx.within(made.workspace_id), ROOT)
        return made.workspace_id

    return make


@pytest.fixture
def application(chosen: Settings) -> Iterator[app.App]:
    """The whole application in this process, on each database in turn."""
    made = app.build(chosen)
    yield made
    made.close()


@pytest.fixture
def api(application: app.App) -> Iterator[Api]:
    """Calls of it."""
    inside = Inside(application.asgi)
    yield Api(inside)
    inside.close()


@pytest.fixture
def sqlite_api(sqlite_settings: Settings) -> Iterator[Api]:
    """The same on SQLite only: enough for what is decided before any store is asked."""
    application = app.build(sqlite_settings)
    inside = Inside(application.asgi)
    yield Api(inside)
    inside.close()
    application.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers: `start("--durability", "relaxed")`, each with a data folder of its own unless `data` is given."""
    started: list[Server] = []
    numbers = itertools.count()

    def begin(*options: str, data: Path | None = None) -> Server:
        server = Server(data or tmp_path / f"server-{next(numbers)}", options)
        started.append(server)
        return server.start()

    yield begin
    for server in started:
        server.kill9()


@pytest.fixture
def server(start: Callable[..., Server]) -> Server:
    """A server of its own process, on SQLite."""
    return start()


@pytest.fixture
def pg_server(start: Callable[..., Server], postgres_url: str) -> Server:
    """The same on PostgreSQL."""
    return start("--store", postgres_url)


@pytest.fixture(params=STORES)
def any_server(request: pytest.FixtureRequest) -> Server:
    """On each database in turn."""
    found: Server = request.getfixturevalue("server" if request.param == "sqlite" else "pg_server")
    return found
