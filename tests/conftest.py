"""Fixtures of all tests: stores, the application in this process, and servers of their own process.

Tests that ask for `db`, `api` or `any_server` run on SQLite, and on PostgreSQL too if they are marked `both` or if pytest is
given `--both`.  Of the cases of a parametrised test that is marked, the first one runs on both, or with `both("each case")` each.
Each test begins with a store of its own, copied from one that was made once.
"""

import gc
import itertools
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from support.client import Api, Inside
from support.people import People
from support.processes import forks
from support.processes.servers import Server
from support.runner import bytecode, examples, folders, scheduling
from support.runner.cpu import Cpu
from support.stores.connections import Connections
from support.stores.postgres import Postgres
from trackside import app, opening
from trackside.core import settings
from trackside.core.settings import Settings
from trackside.experiments import store as experiments
from trackside.workspaces import store as workspaces

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "1"

STORES = ("sqlite", "postgresql")
STORE_FIXTURES = ("chosen", "any_server")  # those that run on each of `STORES`
EACH_CASE = "each case"
GARBAGE_AT = 20_000  # objects; at Python's 700, garbage collections take a tenth of the processor time of all tests
ROOT = "mlflow-artifacts:/"
HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--both", action="store_true", help="run all tests on both databases, not only those marked `both`"
    )
    parser.addoption("--vary", action="store_true", help="give random tests more examples, made from a seed")
    parser.addoption("--seed", type=int, help="of random tests, to replay those of an earlier run with --vary")
    parser.addoption(
        "--cpu", type=int, nargs="?", const=30, metavar="N", help="print the N files and tests with most processor time"
    )


@pytest.hookimpl(tryfirst=True)  # before Hypothesis reads its seed
def pytest_configure(config: pytest.Config) -> None:
    gc.set_threshold(GARBAGE_AT, 10, 10)
    vary: bool = config.getoption("--vary")
    if vary and config.option.seed is None:
        config.option.seed = secrets.randbelow(1_000_000)  # xdist hands the options on to its processes
    if vary:
        config.option.hypothesis_seed = config.option.seed
    examples.load(vary=vary)
    folders.choose(config)
    if config.option.cpu is not None:
        config.pluginmanager.register(Cpu(config.option.cpu))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if config.getoption("--vary"):
        terminalreporter.write_line(
            f"random tests had the seed {config.option.seed}: --vary --seed {config.option.seed}"
        )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    bytecode.prepare()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return scheduling.scheduler(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    is_whole = node.config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if is_whole and node.config.getoption("dist") == "loadscope":
        scheduling.begin(node)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if scheduling.is_ignored(collection_path.relative_to(HERE), config) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items[:] = [items[at] for at in scheduling.in_turn([item.nodeid for item in items])]
    if config.getoption("--both"):
        return
    left_out = set(_left_out(items))
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


def _left_out(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield the tests on PostgreSQL that `make test` does without: without the mark `both`, or further cases of one test."""
    begun = set()
    for item in filter(_is_on_postgresql, items):
        mark = item.get_closest_marker("both")
        test = item.nodeid.partition("[")[0]
        if mark is None or (test in begun and EACH_CASE not in mark.args):
            yield item
        begun.add(test)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Exclude the collected tests from garbage collection: they stay until the end."""
    gc.collect()
    gc.freeze()


def _is_on_postgresql(item: pytest.Item) -> bool:
    params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return any(params.get(name) == "postgresql" for name in STORE_FIXTURES)


def make_settings(data: Path, store: str = "", **more: str) -> Settings:
    """Settings of a server that waits for no disk, unless `durability` is given."""
    flags = {"--data": str(data), "--durability": "relaxed", **({"--store": store} if store else {})}
    return settings.load({**flags, **{f"--{name.replace('_', '-')}": text for name, text in more.items()}}, {})


@pytest.fixture(scope="session", autouse=True)
def _end_forks() -> Iterator[None]:
    yield
    forks.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, started when a test first asks for it."""
    server = Postgres()
    yield server
    server.close()


@pytest.fixture(scope="session")
def connections() -> Iterator[Connections]:
    """To the stores on PostgreSQL, for the databases of one test after the other."""
    kept = Connections()
    yield kept
    kept.close()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """An empty database."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the schema and nothing in it."""
    data = tmp_path_factory.mktemp("sqlite")
    opening.open_database(make_settings(data)).close()
    with closing(sqlite3.connect(data / "trackside.db")) as store:
        # Nothing is copied: workspaces of two stores have different ids.
        tables = store.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('schema_migrations', 'sqlite_stat1')"
        )
        for (name,) in tables.fetchall():
            store.execute(f"DELETE FROM {name}")
        store.commit()
    return data / "trackside.db"


@pytest.fixture(scope="session")
def postgres_stores(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Databases with the schema and nothing in it, to take one from and to give it back."""
    name = postgres.create()
    opening.open_database(make_settings(tmp_path_factory.mktemp("postgresql"), postgres.url(name))).close()
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
def postgres_store(postgres: Postgres, postgres_stores: list[str]) -> Iterator[str]:
    """The address of a store on PostgreSQL with the schema and nothing in it."""
    name = postgres_stores.pop()
    yield postgres.url(name)
    postgres.empty(name)
    postgres_stores.append(name)


@pytest.fixture
def postgres_settings(tmp_path: Path, postgres_store: str) -> Settings:
    """Settings with a fresh store on PostgreSQL."""
    return make_settings(tmp_path / "data", postgres_store)


@pytest.fixture(params=STORES)
def chosen(request: pytest.FixtureRequest) -> Settings:
    """Settings with a fresh store, on each database in turn."""
    found: Settings = request.getfixturevalue("sqlite_settings" if request.param == "sqlite" else "postgres_settings")
    return found


@pytest.fixture
def db(chosen: Settings, connections: Connections) -> Iterator[Any]:
    """A store with the default workspace (1), on each database in turn."""
    database = opening.open_database(chosen, connect=connections.connect)
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
def make_application(connections: Connections) -> Iterator[Callable[..., app.App]]:
    """Put applications together in this process, as `app.build` does, and close them after the test.

    They load the part of the server that a start leaves for later when a test first calls a route of it, or by `complete`."""
    with ExitStack() as closing_all:

        def make(chosen: Settings, **more: Any) -> app.App:
            store = opening.Opening(chosen, connections.connect)
            closing_all.callback(store.abandon)
            built = app.build(chosen, opening=store, is_partial=True, **more)
            closing_all.callback(built.close)
            return built

        yield make


@pytest.fixture
def make_api(make_application: Callable[..., app.App]) -> Iterator[Callable[..., Api]]:
    """Put applications together, and call them."""
    with ExitStack() as closing_all:

        def make(chosen: Settings, **more: Any) -> Api:
            return Api(closing_all.enter_context(closing(Inside(make_application(chosen, **more).asgi))))

        yield make


@pytest.fixture
def make_people(make_application: Callable[..., app.App]) -> Iterator[Callable[..., People]]:
    """Put applications together that have an administrator."""
    with ExitStack() as closing_all:

        def make(chosen: Settings, **more: Any) -> People:
            made = make_application(chosen, **more)
            return People(Api(closing_all.enter_context(closing(Inside(made.asgi))))).begin(made)

        yield make


@pytest.fixture
def application(chosen: Settings, make_application: Callable[..., app.App]) -> app.App:
    """The whole application in this process, on each database in turn."""
    return make_application(chosen)


@pytest.fixture
def api(application: app.App) -> Iterator[Api]:
    """Calls of it."""
    with closing(Inside(application.asgi)) as inside:
        yield Api(inside)


@pytest.fixture
def sqlite_api(sqlite_settings: Settings, make_api: Callable[..., Api]) -> Api:
    """Return the API on SQLite only, for tests that are independent of the store."""
    return make_api(sqlite_settings)


@pytest.fixture
def start(tmp_path: Path, sqlite_template: Path) -> Iterator[Callable[..., Server]]:
    """Start servers: `start("--registry-uri", "x")`.

    Each has a new store in a data folder of its own, unless `data` is given, and syncs no write to the disk, unless
    `--durability` is among the options.  Other keywords are fields of `Server`."""
    started: list[Server] = []
    numbers = itertools.count()

    def begin(*options: str, data: Path | None = None, **more: Any) -> Server:
        if data is None:
            data = tmp_path / f"server-{next(numbers)}"
            data.mkdir()
            if "--store" not in options:
                shutil.copy(sqlite_template, data / "trackside.db")
        if "--durability" not in options:
            options = ("--durability", "relaxed", *options)
        server = Server(data, options, **more)
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
def pg_server(postgres_store: str, start: Callable[..., Server]) -> Server:
    """A server of its own process, on PostgreSQL."""
    return start("--store", postgres_store)


@pytest.fixture(params=STORES)
def any_server(request: pytest.FixtureRequest) -> Server:
    """On each database in turn."""
    found: Server = request.getfixturevalue("server" if request.param == "sqlite" else "pg_server")
    return found
