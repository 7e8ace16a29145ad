"""A server of its own process for the artifact calls, and the bucket that some of them end in."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from support.processes.artifact_server import PROXY, Server, started
from support.stores import s3 as stand_in


@pytest.fixture(scope="session")
def start() -> Callable[..., AbstractContextManager[Server]]:
    """Begins a server in a folder, with these options and variables."""
    return started


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With the workspaces `north` and `south` beside the default one."""
    with started(tmp_path_factory.mktemp("artifacts")) as served:
        for name in ("north", "south"):
            served.call("workspaces", version="3.0", name=name)
        yield served


@pytest.fixture
def place(request: pytest.FixtureRequest) -> str:
    """A folder of the proxy that no other test uses."""
    return f"{PROXY}/0/{abs(hash(request.node.nodeid)):x}"


@pytest.fixture(scope="session")
def s3() -> Iterator[dict[str, str]]:
    """The options that lead to an S3 server with the bucket `artifacts`."""
    with stand_in.served() as options:
        yield options
