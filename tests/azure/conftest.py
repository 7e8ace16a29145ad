"""A server with an administrator, on which users need a role for every call."""

from collections.abc import Callable

import pytest
from msgspec import structs

from support.people import People
from trackside.core.settings import Settings


@pytest.fixture
def people(chosen: Settings, make_people: Callable[..., People]) -> People:
    return make_people(structs.replace(chosen, default_role=()))
