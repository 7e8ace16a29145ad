"""Servers and applications that tests of traces share."""

from collections.abc import Callable

import pytest

from support.client import Api
from support.processes.servers import INTERVAL_FACTOR, Server
from trackside.core.settings import PostgresStore, Settings


@pytest.fixture
def small(chosen: Settings, start: Callable[..., Server], request: pytest.FixtureRequest) -> Server:
    """A server that keeps 64 KiB of the spans of a trace in the database."""
    is_postgres = isinstance(chosen.store, PostgresStore)
    store = ("--store", request.getfixturevalue("postgres_store")) if is_postgres else ()
    return start(*store, "--trace-inline-kib", "64", data=chosen.data, interval_factor=0.003)


@pytest.fixture
def working_api(chosen: Settings, make_api: Callable[..., Api]) -> Api:
    """The application, whose background jobs run in this process."""
    return make_api(chosen, interval_factor=INTERVAL_FACTOR)
