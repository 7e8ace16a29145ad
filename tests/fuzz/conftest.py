"""One store for all tests of this folder, so that a test may find damage by another one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fuzz.world import World
from support.stores.postgres import Postgres
from trackside.core import settings as server_settings


def _settings(data: Path, store: str = "") -> server_settings.Settings:
    flags = {"--data": str(data), "--durability": "relaxed", "--webhook-schemes": "http,https"}
    switches = {"--allow-private-webhooks": "true", "--webhook-timeout": "1"}
    return server_settings.load({**flags, **switches, **({"--store": store} if store else {})}, {})


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(_settings(tmp_path_factory.mktemp("world")))
    yield made
    made.close()


@pytest.fixture(scope="session")
def pg_world(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    name = postgres.create()
    made = World(_settings(tmp_path_factory.mktemp("pg-world"), postgres.url(name)))
    yield made
    made.close()
    postgres.drop(name)
