"""A server with an administrator, on which users need a role for every call."""

from collections.abc import Callable, Iterator

import pytest
from msgspec import structs

from support.client import Api, Inside
from support.people import People
from trackside import app
from trackside.core.settings import Settings


@pytest.fixture
def application(chosen: Settings, make_application: Callable[..., app.App]) -> app.App:
    return make_application(structs.replace(chosen, default_role=()))


@pytest.fixture
def people(application: app.App) -> Iterator[People]:
    inside = Inside(application.asgi)
    yield People(Api(inside)).begin(application)
    inside.close()
