"""A courier whose steps the tests take, and a receiver."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.office import Office
from support.processes.ports import free_port
from support.receiver import Receiver


@pytest.fixture
def office(db: Any, tmp_path: Path) -> Iterator[Office]:
    made = Office(db, tmp_path)
    yield made
    for courier in made.couriers:
        courier.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def unused_port() -> int:
    """A port on which nothing listens."""
    return free_port()
