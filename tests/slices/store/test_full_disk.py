"""A full disk, and free space afterwards: writes are refused with a clear error, and no acknowledged write is lost."""

import os
import resource
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from support.client import Api
from support.processes.servers import Server
from trackside.core.errors import Unavailable
from trackside.core.settings import Settings
from trackside.opening import open_database

CONNECTIONS_AT_START = 3  # at most, that read: the next one has to be opened
FREE = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process that runs")
def test_a_full_disk_refuses_writes_until_it_has_room(server: Server) -> None:
    """A limit on file sizes has the effect of a full disk."""
    assert server.process is not None
    api = server.api
    run_id = api.new_run()
    files = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts"

    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    outcomes = {key: set_tag(api, run_id, key) for key in map("during{}".format, range(20))}
    uploaded = api.ask("PUT", f"{files}/during", b"x" * 100_000)
    health, search = api.ask("GET", "/health"), api.ask("POST", "runs/search", {"experiment_ids": ["0"]})
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, FREE)

    refused = {key for key, status in outcomes.items() if status == 503}
    assert refused
    assert set(outcomes.values()) <= {200, 503}
    assert (uploaded.status, uploaded.json["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
    assert (health.status, search.status) == (200, 200)
    assert set_tag(api, run_id, "after") == 200
    assert api.ask("PUT", f"{files}/after", b"x" * 100_000).status == 200
    assert api.ask("GET", f"{files}/during").status == 404
    server.kill9()
    tags = server.start().api.tags(run_id)
    assert {key for key in tags if not key.startswith("mlflow.")} == {*outcomes, "after"} - refused


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process that runs")
def test_an_import_that_finds_no_room_is_refused_and_leaves_no_file(server: Server) -> None:
    assert server.process is not None
    imports, call = "/api/trackside/v1/imports", {"source": "http://127.0.0.1:1"}

    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (16, resource.RLIM_INFINITY))
    refused = server.api.ask("POST", imports, call)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, FREE)

    assert (refused.status, refused.json["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
    assert [each.name for each in (server.data / "imports").rglob("*") if each.is_file()] == [".lock"]
    assert server.api.get(imports) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists the open files of a process")
def test_a_read_that_finds_no_file_handle_is_unavailable_and_later_ones_succeed(chosen: Settings) -> None:
    with closing(open_database(chosen)) as db:  # with no connection that an earlier test has opened
        find_no_file_handle(db)


def find_no_file_handle(db: Any) -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    with db.read(1) as first:
        highest = max(int(each.name) for each in Path("/proc/self/fd").iterdir())
        fillers = [os.open("/dev/null", os.O_RDONLY) for _ in range(highest)]  # no number below is free
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(fillers) + 1, limit[1]))
        try:
            with pytest.raises(Unavailable):
                read_beside_each_other(db, CONNECTIONS_AT_START)
            assert first.one("SELECT 1") == (1,)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
            for handle in fillers:
                os.close(handle)

    with db.read(1), db.read(1) as second:
        assert second.one("SELECT 1") == (1,)


def read_beside_each_other(db: Any, count: int) -> None:
    with ExitStack() as reads:
        for _ in range(count):
            reads.enter_context(db.read(1)).one("SELECT 1")


def set_tag(api: Api, run_id: str, key: str) -> int:
    return api.ask("POST", "runs/set-tag", {"run_id": run_id, "key": key, "value": "v" * 3000}).status
