"""Servers that tests of traces share."""

import pytest

from support.processes.servers import Server


@pytest.fixture
def small(any_server: Server) -> Server:
    """A server that keeps 64 KiB of the spans of a trace in the database."""
    any_server.stop()
    any_server.options += ("--trace-inline-kib", "64")
    any_server.interval_factor = 0.003
    return any_server.start()
