"""What many tests of links begin with: two workspaces, and a proxy that answers badly when it is told to."""

from collections.abc import Iterator

import pytest

from support.client import Api
from support.flaky import Flaky
from support.servers import Server


@pytest.fixture
def here(server: Server) -> Api:
    return server.api.new_workspace("north")


@pytest.fixture
def there(server: Server) -> Api:
    return server.api.new_workspace("south")


@pytest.fixture
def stock(server: Server) -> Api:
    return server.api.new_workspace("stock")


@pytest.fixture
def flaky(server: Server) -> Iterator[Flaky]:
    proxy = Flaky(server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def as_stock(flaky: Flaky) -> Flaky:
    """A Trackside that does not say so."""
    flaky.as_stock()
    return flaky
