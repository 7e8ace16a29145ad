"""Clients in separate processes that share only the server: one on SQLite, two on one PostgreSQL."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.client import Api
from support.processes import racer
from support.processes.servers import Server
from support.registry import CLOUD

pytestmark = pytest.mark.both

RACERS = 4
ROUNDS = 12
MOST_RACES = 20

Call = tuple[str, str, dict[str, Any]]
Reply = tuple[int, Any]


class Race:
    """A store, and clients that begin together."""

    def __init__(self, servers: list[Server]) -> None:
        self.api: Api = servers[0].api
        self._processes = [
            subprocess.Popen(
                [sys.executable, str(racer.__file__), str(servers[i % len(servers)].port)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for i in range(RACERS)
        ]

    def run(self, calls: Callable[[int], list[Call]]) -> list[list[Reply]]:
        """What each racer was answered, call by call."""
        for i, process in enumerate(self._processes):
            _write(process, json.dumps(calls(i)))
        assert [_read(process) for process in self._processes] == ["ready\n"] * RACERS
        for process in self._processes:
            _write(process, "")
        return [[(status, body) for status, body in json.loads(_read(process))] for process in self._processes]

    def close(self) -> None:
        for process in self._processes:
            with process:
                assert process.stdin is not None
                process.stdin.close()
                process.wait(120)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def race(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Race]:
    folder: Path = tmp_path_factory.mktemp("race")
    if request.param == "sqlite":
        servers = [Server(folder / "one")]
    else:
        postgres = request.getfixturevalue("postgres")
        store = ("--store", postgres.url(postgres.create()))
        servers = [Server(folder / name, store) for name in ("one", "two")]
    for server in servers:
        server.start()
    made = Race(servers)
    yield made
    made.close()
    for server in servers:
        server.kill9()


@pytest.mark.slow
def test_of_concurrent_experiments_with_one_name_one_is_created(race: Race) -> None:
    names = [f"e{n}" for n in range(ROUNDS)]

    replies = race.run(lambda _: [("POST", "experiments/create", {"name": name}) for name in names])

    for each in zip(*replies, strict=True):
        kinds = Counter((status, body.get("error_code")) for status, body in each)
        assert kinds == {(200, None): 1, (400, "RESOURCE_ALREADY_EXISTS"): RACERS - 1}


def test_of_two_concurrent_values_of_a_param_one_is_stored_and_the_other_refused(race: Race) -> None:
    run_id = race.api.new_run()
    keys = [f"p{n}" for n in range(ROUNDS)]

    replies = race.run(
        lambda i: [("POST", "runs/log-parameter", {"run_id": run_id, "key": key, "value": str(i % 2)}) for key in keys]
    )

    stored = race.api.params(run_id)
    for key, each in zip(keys, zip(*replies, strict=True), strict=True):
        assert [status for status, _ in each] == [200 if str(i % 2) == stored[key] else 400 for i in range(RACERS)]


@pytest.mark.slow
def test_batches_to_one_run_lose_nothing(race: Race) -> None:
    run_id = race.api.new_run()
    size = 60

    def calls(i: int) -> list[Call]:
        batches = []
        for n in range(ROUNDS):
            steps = [(n * size + j) * RACERS + i for j in range(size)]
            metrics = [{"key": "m", "value": float(i), "timestamp": 1000 + n, "step": step} for step in steps]
            params = [{"key": f"p{i}-{n}", "value": str(i)}, {"key": f"same{n}", "value": "same"}]
            batches.append(("POST", "runs/log-batch", {"run_id": run_id, "metrics": metrics, "params": params}))
        return batches

    replies = race.run(calls)

    assert {status for each in replies for status, _ in each} == {200}
    points = race.api.history(run_id, "m")
    last = ROUNDS * size * RACERS - 1
    assert sorted(step for step, _, _ in points) == list(range(last + 1))
    assert all(value == step % RACERS for step, _, value in points)
    assert race.api.latest(run_id) == {"m": (last, 1000 + ROUNDS - 1, float(RACERS - 1))}
    assert len(race.api.params(run_id)) == ROUNDS * (RACERS + 1)


def test_versions_are_numbered_one_after_the_other(race: Race) -> None:
    race.api.post("registered-models/create", name="iris")

    replies = race.run(
        lambda _: [("POST", "model-versions/create", {"name": "iris", "source": CLOUD}) for _ in range(ROUNDS)]
    )

    given = [int(body["model_version"]["version"]) for each in replies for _, body in each]
    assert sorted(given) == list(range(1, RACERS * ROUNDS + 1))


def test_an_alias_is_on_one_version_at_any_moment(race: Race) -> None:
    """Half of the clients move the alias, the others read the version of the alias and the model."""
    race.api.post("registered-models/create", name="lily")
    for _ in range(RACERS):
        race.api.post("model-versions/create", name="lily", source=CLOUD)
    race.api.post("registered-models/alias", {"name": "lily", "alias": "best", "version": "1"})
    looks: list[Call] = [
        ("GET", "registered-models/alias", {"name": "lily", "alias": "best"}),
        ("GET", "registered-models/get", {"name": "lily"}),
    ]

    def calls(i: int) -> list[Call]:
        if i % 2:
            return looks * ROUNDS
        moves = [str((n + i) % RACERS + 1) for n in range(2 * ROUNDS)]
        return [("POST", "registered-models/alias", {"name": "lily", "alias": "best", "version": to}) for to in moves]

    seen: Counter[str] = Counter()
    races = 0
    while len(seen) < 2:  # of one race, the looks may all come before or after the moves
        races += 1
        assert races <= MOST_RACES, "nobody saw it move"
        replies = race.run(calls)

        assert {status for each in replies for status, _ in each} == {200}
        for each in replies[1::2]:
            for (_, by_alias), (_, model) in zip(each[::2], each[1::2], strict=True):
                seen[by_alias["model_version"]["version"]] += 1
                assert by_alias["model_version"]["aliases"] == ["best"]
                assert [alias["alias"] for alias in model["registered_model"]["aliases"]] == ["best"]
    race.api.post("registered-models/alias", {"name": "lily", "alias": "best", "version": "2"})
    has_it = []
    for version in map(str, range(1, RACERS + 1)):
        got = race.api.ask("GET", "model-versions/get", arguments={"name": "lily", "version": version}).json
        has_it += [version] * ("best" in got["model_version"].get("aliases", []))
    assert has_it == ["2"]


def _write(process: "subprocess.Popen[str]", line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def _read(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()
