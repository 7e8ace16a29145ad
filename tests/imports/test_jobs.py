"""Imports that the server runs itself: started, watched and cancelled by calls."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.client import Api
from support.faults.answering import Answered, Asked, answering
from support.links import until
from support.processes.servers import Server

IMPORTS = "/api/trackside/v1/imports"
PASSWORD = "correct-horse"


@pytest.fixture
def source(start: Callable[..., Server]) -> Server:
    """With two runs that have a metric and a file each."""
    server = start()
    for number in range(2):
        run_id = server.api.new_run(run_name=f"run {number}")
        server.api.post("runs/log-metric", run_id=run_id, key="loss", value=number, timestamp=1, step=1)
        path = server.api.run(run_id)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
        server.api.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}/notes.txt", b"notes")
        server.api.post("runs/update", run_id=run_id, status="FINISHED")
    return server


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that lets everybody wait until the test is over."""
    over = threading.Event()

    def answer(_: Asked) -> Answered:
        over.wait(120)
        return Answered(503)

    with answering(answer) as url:
        yield url
        over.set()


def begin(api: Api, source: str, **more: Any) -> str:
    import_id: str = api.post(IMPORTS, source=source, **more)["import"]["import_id"]
    return import_id


def state(api: Api, import_id: str) -> Any:
    return api.get(f"{IMPORTS}/{import_id}")["import"]


def ended(api: Api, import_id: str) -> Any:
    until(lambda: state(api, import_id)["state"] != "running", "the import to end")
    return state(api, import_id)


def counts(shown: Any) -> dict[str, tuple[int, int]]:
    return {each["kind"]: (each["new"], each["same"]) for each in shown["counts"]}


def test_an_import_brings_runs_with_points_and_files(server: Server, source: Server) -> None:
    api = server.api

    first = ended(api, begin(api, source.url))
    again = ended(api, begin(api, source.url))

    assert (first["state"], counts(first)["runs"], first["points"], first["files"]) == ("done", (2, 0), 2, 2)
    assert (again["state"], counts(again)["runs"], again["points"], again["files"]) == ("done", (0, 2), 0, 0)
    runs = api.post("runs/search", experiment_ids=["0"])["runs"]
    assert sorted(run["info"]["run_name"] for run in runs) == ["run 0", "run 1"]


def test_a_dry_run_changes_nothing(server: Server, source: Server) -> None:
    shown = ended(server.api, begin(server.api, source.url, dry_run=True))

    assert (shown["state"], counts(shown)["runs"], shown["points"], shown["files"]) == ("done", (2, 0), 2, 2)
    assert server.api.post("runs/search", experiment_ids=["0"]) == {}


def test_an_import_comes_into_the_workspace_that_asked_and_no_other_sees_it(server: Server, source: Server) -> None:
    north, south = server.api.new_workspace("north"), server.api.new_workspace("south")

    import_id = begin(north, source.url)
    ended(north, import_id)

    (experiment,) = north.post("experiments/search", max_results=10)["experiments"]
    found = north.post("runs/search", experiment_ids=[experiment["experiment_id"]])
    assert len(found["runs"]) == 2
    assert south.get(IMPORTS) == {}
    assert south.fault(f"{IMPORTS}/{import_id}", method="GET")[0] == 404
    assert south.fault(f"{IMPORTS}/{import_id}/cancel")[0] == 404


def test_an_unreachable_source_is_reported(server: Server) -> None:
    shown = ended(server.api, begin(server.api, "http://127.0.0.1:1"))

    assert shown["state"] == "failed"
    assert "http://127.0.0.1:1" in shown["error"]


def test_an_import_can_be_cancelled_once(server: Server, silent: str) -> None:
    import_id = begin(server.api, silent)

    server.api.post(f"{IMPORTS}/{import_id}/cancel")

    assert ended(server.api, import_id)["state"] == "cancelled"
    assert server.api.fault(f"{IMPORTS}/{import_id}/cancel")[0] == 400


def test_two_imports_run_at_once_and_a_third_is_refused_with_the_reason(server: Server, silent: str) -> None:
    first, second = begin(server.api, silent), begin(server.api, silent)

    status, _, message = server.api.fault(IMPORTS, source=silent)

    assert (status, "at most 2" in message) == (400, True)
    assert [each["import_id"] for each in server.api.get(IMPORTS)["imports"]] in ([first, second], [second, first])


@pytest.mark.parametrize("end", [pytest.param(Server.stop, marks=pytest.mark.slow), Server.kill9])
def test_an_import_that_ends_with_the_server_is_reported(
    server: Server, silent: str, end: Callable[[Server], None]
) -> None:
    import_id = begin(server.api, silent)

    end(server)
    server.restart()

    shown = ended(server.api, import_id)
    assert (shown["state"], "once more" in shown["error"]) == ("interrupted", True), shown


def test_no_file_keeps_a_password(server: Server, silent: str) -> None:
    begin(server.api, silent, username="ana", password=PASSWORD)

    files = [path for path in server.data.rglob("*") if path.is_file()]
    assert any(path.parent.parent.name == "imports" for path in files)
    assert not [path for path in files if PASSWORD.encode() in path.read_bytes()]


def test_only_servers_are_sources(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    files = ("mlruns", "/etc", "sqlite:////etc/x.db", "file:///etc")
    for source in ("", *files, "databricks://x", "http://", "http://a b", "http://h/?q=1"):
        with subtests.test(source=source):
            status, code, message = sqlite_api.fault(IMPORTS, source=source)

            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
            assert "source" in message


def test_a_source_with_a_password_in_it_is_refused_without_showing_it(sqlite_api: Api) -> None:
    status, _, message = sqlite_api.fault(IMPORTS, source=f"http://ana:{PASSWORD}@host")

    assert status == 400
    assert PASSWORD not in message


def test_an_invalid_id_is_not_found(server: Server, subtests: pytest.Subtests) -> None:
    for import_id in ("0" * 32, "..", "x", "%2e%2e%2fsecret"):
        with subtests.test(import_id=import_id):
            assert server.api.fault(f"{IMPORTS}/{import_id}", method="GET")[0] == 404
