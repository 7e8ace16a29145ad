"""A server of which nobody may do anything without a role, with an administrator."""

from collections.abc import Iterator

import pytest
from msgspec import structs

from support.client import Api, Inside
from support.people import People
from trackside import app
from trackside.core.settings import Settings


@pytest.fixture
def people(chosen: Settings) -> Iterator[People]:
    made = app.build(structs.replace(chosen, default_role=()))
    inside = Inside(made.asgi)
    yield People(Api(inside)).begin()
    inside.close()
    made.close()
