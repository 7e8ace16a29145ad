"""A store on PostgreSQL, alone or behind a proxy, and a connection beside it."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from support.faults.proxy import Proxy
from support.stores.connections import Connections
from support.stores.postgres import Admin, Postgres
from support.stores.postgres_store import store_of
from trackside import opening
from trackside.core import locations
from trackside.core.db.postgres import PostgresDatabase
from trackside.core.settings import Settings


@pytest.fixture
def db(postgres_settings: Settings, connections: Connections) -> Iterator[PostgresDatabase]:
    database = opening.open_database(postgres_settings, connect=connections.connect)
    yield database
    database.close()


@pytest.fixture
def admin(postgres: Postgres) -> Iterator[Admin]:
    """A connection beside those of the store."""
    with closing(postgres.connect()) as admin:
        yield admin


@pytest.fixture
def through(postgres_settings: Settings) -> Iterator[Callable[[], tuple[Proxy, PostgresDatabase]]]:
    """A store behind a proxy."""
    opened: list[Any] = []

    def make() -> tuple[Proxy, PostgresDatabase]:
        opening.open_database(postgres_settings).close()
        store = store_of(postgres_settings)
        between = Proxy(store.port)
        opened.append(between)
        database = PostgresDatabase(locations.store(f"postgresql://postgres@127.0.0.1:{between.port}/{store.database}"))  # type: ignore[arg-type]
        opened.append(database)
        return between, database

    yield make
    for each in reversed(opened):
        each.close()
