"""Calls with the same head on one connection: a change of the caller's rights invalidates the cache of the first call."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from support.clocks import Clock
from support.people import OURS, PASSWORD, People, bearer
from support.processes.servers import Server

LOG = "/api/2.0/mlflow/runs/log-metric"


@dataclass(frozen=True)
class Line:
    """A connection that a client keeps."""

    connection: http.client.HTTPConnection
    credential: dict[str, str]

    def post(self, path: str, **fields: Any) -> tuple[int, Any]:
        headers = {"content-type": "application/json", **self.credential}
        self.connection.request("POST", path, json.dumps(fields), headers)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")

    def log(self, run_id: str, value: float = 1.0) -> int:
        return self.post(LOG, run_id=run_id, key="loss", value=value, timestamp=1)[0]


@pytest.fixture
def people(server: Server) -> People:
    return People(server.api).begin()


@pytest.fixture
def kept(server: Server, people: People) -> Iterator[tuple[Line, str, int]]:
    """A connection of a user who may write the experiment of a run; the run, and the number of the assignment."""
    run = people.admin.new_run(experiment_id=people.admin.new_experiment("iris"))
    people.add("bo")
    number = people.grant("bo", "MLflow EDIT", "/ws/default/experiments/1")
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        line = Line(connection, bearer(people.token("bo", token_name="loop")))
        assert [line.log(run), line.log(run), line.log(run, 123.456)] == [200, 200, 200]
        yield line, run, number


def test_a_removed_right_ends_on_open_connections(people: People, kept: tuple[Line, str, int]) -> None:
    line, run, number = kept

    people.admin.ask("DELETE", f"{OURS}/role-assignments/{number}")

    assert line.log(run) == 403


def test_a_token_that_is_revoked_ends_on_open_connections(people: People, kept: tuple[Line, str, int]) -> None:
    line, run, _ = kept
    tokens = people.admin.get(f"{OURS}/users/bo/tokens")["tokens"]

    people.admin.ask("DELETE", f"{OURS}/users/bo/tokens/{tokens[0]['token_id']}")

    assert line.log(run) == 401


@pytest.mark.slow
def test_disabling_a_user_applies_to_open_connections(people: People, kept: tuple[Line, str, int]) -> None:
    line, run, _ = kept

    people.admin.ask("PATCH", f"{OURS}/users/bo", b'{"is_disabled": true}')

    assert line.log(run) == 401


def test_each_call_is_checked_for_the_objects_that_it_names(people: People, kept: tuple[Line, str, int]) -> None:
    line, run, _ = kept
    foreign = people.admin.new_run(experiment_id=people.admin.new_experiment("secret"))

    assert [line.log(foreign), line.log(run), line.log(foreign)] == [403, 200, 403]


def test_the_first_user_closes_open_connections(server: Server) -> None:
    run = server.api.new_run()
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        line = Line(connection, {})
        assert [line.log(run), line.log(run)] == [200, 200]

        People(server.api).begin()

        assert line.log(run) == 401


def test_a_workspace_that_is_deleted_ends_on_open_connections(server: Server) -> None:
    north = server.api.new_workspace("north")
    run = north.new_run(experiment_id=north.new_experiment("iris"))
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        line = Line(connection, {"x-mlflow-workspace": "north"})
        assert [line.log(run), line.log(run)] == [200, 200]

        deleted = server.api.ask("DELETE", "workspaces/north?mode=CASCADE", version="3.0")

        assert deleted.status < 300
        assert line.log(run) == 404


@pytest.mark.slow
def test_a_token_that_expires_ends_on_open_connections(start: Any, tmp_path: Any) -> None:
    clock = Clock(tmp_path / "now")
    server = start(clock=clock)
    people = People(server.api).begin()
    run = people.admin.new_run(experiment_id=people.admin.new_experiment("iris"))
    people.add("bo", "Contributor")
    token = people.token("bo", expires_in_days=1)
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        line = Line(connection, bearer(token))
        assert [line.log(run), line.log(run)] == [200, 200]

        clock.move(2 * 86_400_000)

        assert line.log(run) == 401


def test_a_larger_body_on_the_same_connection_is_read_whole(people: People, kept: tuple[Line, str, int]) -> None:
    line, run, _ = kept
    metrics = [{"key": f"m{number}", "value": number, "timestamp": 1} for number in range(900)]
    path = "/api/2.0/mlflow/runs/log-batch"

    assert [line.post(path, run_id=run, metrics=metrics[:few])[0] for few in (1, 2, 900, 1)] == [200] * 4


def test_a_password_that_is_changed_ends_on_open_connections(server: Server, people: People) -> None:
    from support.people import basic

    bo = people.add("bo", "Contributor")
    run = people.admin.new_run(experiment_id=people.admin.new_experiment("iris"))
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        line = Line(connection, basic("bo"))
        assert [line.log(run), line.log(run)] == [200, 200]

        bo.ask("PATCH", "/api/2.0/mlflow/users/update-password",
               json.dumps({"username": "bo", "password": f"{PASSWORD}-new", "current_password": PASSWORD}).encode())  # fmt: skip

        assert line.log(run) == 401
