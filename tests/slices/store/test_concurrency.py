"""Many clients at once: threads against a server on SQLite, and against two servers that share a PostgreSQL."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from support.client import Api, Reply, Unanswered
from support.processes.servers import Server
from support.runner.variants import crossed
from support.stores.postgres import Postgres, rows
from trackside import opening
from trackside.core import settings

pytestmark = pytest.mark.both

THREADS = 8
Start = Callable[..., Server]


class Servers:
    """One store, and the servers that serve it."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self.servers = servers
        self.apis = [server.api for server in servers]

    @property
    def api(self) -> Api:
        return self.apis[0]

    def database(self) -> Any:
        """The store itself, beside them."""
        server = self.servers[0]
        options = dict(zip(server.options[::2], server.options[1::2], strict=True))
        return opening.open_database(settings.load({"--data": str(server.data), **options}, {}))

    def at_once(self, work: Callable[[Api, int], Any], count: int = THREADS) -> list[Any]:
        """Calls `work` in so many threads, which begin together, each with one of the servers."""
        gate = threading.Barrier(count)

        def begin(i: int) -> Any:
            gate.wait(120)
            return work(self.apis[i % len(self.apis)], i)

        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(begin, range(count)))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("servers")
    if request.param == "sqlite":
        made = [Server(folder / "one")]
    else:
        postgres = request.getfixturevalue("postgres")
        store = ("--store", postgres.url(postgres.create()))
        made = [Server(folder / name, store) for name in ("one", "two")]
    with ThreadPoolExecutor(2) as threads:  # both find an empty database
        list(threads.map(Server.start, made))
    yield Servers(made)
    for server in made:
        server.kill9()


def statuses(replies: list[Reply]) -> dict[tuple[int, str], int]:
    counted: dict[tuple[int, str], int] = {}
    for reply in replies:
        kind = (reply.status, reply.json.get("error_code", ""))
        counted[kind] = counted.get(kind, 0) + 1
    return counted


def test_batches_to_one_run_lose_nothing(servers: Servers) -> None:
    """The holder of the run's lock reads, changes and writes summary, tail and chunks of a series."""
    run_id = servers.api.new_run()
    rounds, size = 12, 40

    def log(api: Api, i: int) -> None:
        for n in range(rounds):
            metrics = [
                {"key": key, "value": float(i), "timestamp": 1000 + n, "step": (n * size + j) * THREADS + i}
                for key in ("a", "b")
                for j in range(size)
            ]
            params = [{"key": f"p{n}", "value": "same"}, {"key": f"p{i}-{n}", "value": str(i)}]
            api.post(
                "runs/log-batch", run_id=run_id, metrics=metrics, params=params, tags=[{"key": "t", "value": str(n)}]
            )

    servers.at_once(log)

    last = rounds * size * THREADS - 1
    for key in ("a", "b"):
        history = servers.api.history(run_id, key)
        assert sorted(step for step, _, _ in history) == list(range(last + 1))
        assert all(value == step % THREADS for step, _, value in history)
    assert servers.api.latest(run_id) == {key: (last, 1000 + rounds - 1, float(THREADS - 1)) for key in ("a", "b")}
    assert len(servers.api.params(run_id)) == rounds * (THREADS + 1)


@pytest.mark.slow
def test_single_points_to_one_run_lose_nothing(servers: Servers) -> None:
    run_id = servers.api.new_run()

    def log(api: Api, i: int) -> None:
        for n in range(25):
            api.post("runs/log-metric", run_id=run_id, key="m", value=i, timestamp=n, step=n)
            api.post("runs/log-metric", run_id=run_id, key="m", value=i, timestamp=n, step=n)  # a retry is harmless

    servers.at_once(log)

    assert servers.api.history(run_id, "m") == [(n, n, float(i)) for n in range(25) for i in range(THREADS)]
    assert servers.api.latest(run_id) == {"m": (24, 24, float(THREADS - 1))}


def test_of_concurrent_values_of_a_param_one_is_stored(servers: Servers) -> None:
    run_id = servers.api.new_run()
    keys = [f"p{n}" for n in range(15)]

    def log(api: Api, i: int) -> list[Reply]:
        return [
            api.ask("POST", "runs/log-parameter", {"run_id": run_id, "key": key, "value": str(i % 4)}) for key in keys
        ]

    replies = servers.at_once(log)

    stored = servers.api.params(run_id)
    for n, key in enumerate(keys):
        winners = {str(i % 4) for i in range(THREADS) if replies[i][n].status == 200}
        assert winners == {stored[key]}
        for i in range(THREADS):  # who sent what won is told so, also when he was not the first
            right = str(i % 4) == stored[key]
            assert replies[i][n].status == (200 if right else 400), replies[i][n]


def test_of_concurrent_experiments_with_one_name_one_is_created(servers: Servers) -> None:
    for name in ("first", "second", "third"):
        replies = servers.at_once(lambda api, _, name=name: api.ask("POST", "experiments/create", {"name": name}))  # type: ignore[misc]
        assert statuses(replies) == {(200, ""): 1, (400, "RESOURCE_ALREADY_EXISTS"): THREADS - 1}

    made = [servers.api.get("experiments/get-by-name", experiment_name=name) for name in ("first", "second", "third")]
    assert len({each["experiment"]["experiment_id"] for each in made}) == 3


def test_of_concurrent_workspaces_with_one_name_one_is_created(servers: Servers) -> None:
    replies = servers.at_once(lambda api, _: api.ask("POST", "workspaces", {"name": "north"}, version="3.0"))

    assert statuses(replies) == {(201, ""): 1, (400, "RESOURCE_ALREADY_EXISTS"): THREADS - 1}
    assert servers.api.within("north").get("experiments/get", experiment_id="0")["experiment"]["workspace"] == "north"


@pytest.mark.slow
def test_concurrent_updates_of_a_workspace_keep_other_fields(servers: Servers) -> None:
    servers.api.new_workspace("shared")
    where = "/api/trackside/v1/workspaces/shared"
    for n in range(8):
        fields = ({"description": f"d{n}"}, {"friendly_name": f"f{n}"})

        servers.at_once(lambda api, i, fields=fields: api.ask("PATCH", where, fields[i % 2]))  # type: ignore[misc]

        made = servers.api.get(where)["workspace"]
        assert (made["description"], made["friendly_name"]) == (f"d{n}", f"f{n}")


def test_of_concurrent_renames_to_one_name_one_succeeds(servers: Servers) -> None:
    made = [servers.api.new_experiment(f"e{i}") for i in range(THREADS)]

    replies = servers.at_once(
        lambda api, i: api.ask("POST", "experiments/update", {"experiment_id": made[i], "new_name": "taken"})
    )

    assert statuses(replies) == {(200, ""): 1, (400, "RESOURCE_ALREADY_EXISTS"): THREADS - 1}


def test_no_run_outlives_the_deletion_of_its_experiment(servers: Servers) -> None:
    """Runs that are created during the deletion of their experiment are either refused or deleted with it."""
    for name in ("a", "b", "c"):
        experiment = servers.api.new_experiment(name)

        def work(api: Api, i: int, experiment: str = experiment) -> list[Reply]:
            if i == 0:
                return [api.ask("POST", "experiments/delete", {"experiment_id": experiment})]
            return [api.ask("POST", "runs/create", {"experiment_id": experiment}) for _ in range(5)]

        replies = servers.at_once(work)

        assert {reply.status for each in replies for reply in each} <= {200, 400}
        assert servers.api.post("runs/search", experiment_ids=[experiment], run_view_type="ACTIVE_ONLY") == {}


def test_different_calls_to_the_same_runs_never_block_each_other(servers: Servers) -> None:
    made = [servers.api.new_run() for _ in range(4)]

    def work(api: Api, i: int) -> None:
        for n in range(20):
            run_id = made[(i + n) % len(made)]
            match n % 5:
                case 0:
                    api.post("runs/log-metric", run_id=run_id, key="m", value=n, timestamp=i)
                case 1:
                    api.post("runs/update", run_id=run_id, status="RUNNING", run_name=f"r{i}-{n}")
                case 2:
                    api.post("runs/set-tag", run_id=run_id, key="mlflow.runName", value=f"t{i}-{n}")
                case 3:
                    data = {"name": "d", "digest": str(n), "source_type": "local", "source": "x"}
                    api.post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": data}])
                case _:
                    api.post("runs/log-batch", run_id=run_id, params=[{"key": f"p{i}-{n}", "value": "1"}])

    servers.at_once(work)

    for run_id in made:
        assert servers.api.run(run_id)["info"]["run_name"] == servers.api.tags(run_id)["mlflow.runName"]
    assert sum(len(servers.api.params(run_id)) for run_id in made) == THREADS * 4


@pytest.mark.slow
def test_concurrent_writes_leave_nothing_of_a_deleted_workspace(
    postgres: Postgres, postgres_store: str, start: Start
) -> None:
    servers = Servers([start("--store", postgres_store), start("--store", postgres_store)])
    inside = servers.api.new_workspace("north")
    experiment, run_id = inside.new_experiment("e"), inside.new_run()

    def work(api: Api, i: int) -> set[int]:
        if i == 0:
            reply = api.ask("DELETE", "/api/3.0/mlflow/workspaces/north", {"mode": "CASCADE"})
            return {reply.status}
        there = api.within("north")
        return {
            there.ask("POST", path, body).status
            for n in range(10)
            for path, body in (
                ("runs/create", {"experiment_id": experiment}),
                ("experiments/create", {"name": f"e{i}-{n}"}),
                ("runs/log-batch", {"run_id": run_id, "params": [{"key": f"p{i}-{n}", "value": "1"}]}),
            )
        }

    replies = servers.at_once(work)

    assert replies[0] == {204}
    assert set().union(*replies[1:]) <= {200, 404}
    admin = postgres.connect(postgres_store.rpartition("/")[2])
    for table in ("experiments", "runs", "params", "tags", "metric_series"):
        assert rows(admin, f"SELECT COUNT(*) FROM {table} WHERE workspace_id <> 1") == [(0,)], table
    admin.close()


# The end without warning


@crossed(
    "store durability",
    ["sqlite", "postgresql", "postgresql, two workers"],
    ["full", "relaxed"],
    quick=[("sqlite", "full"), ("postgresql", "relaxed"), ("postgresql, two workers", "full")],
)
def test_a_kill_loses_nothing_that_was_answered(request: pytest.FixtureRequest, store: str, durability: str) -> None:
    options = ["--durability", durability]
    if store != "sqlite":
        options += ["--store", request.getfixturevalue("postgres_store")]
    if "workers" in store:
        options += ["--workers", "2"]
    server = request.getfixturevalue("start")(*options)  # it ends before the store is emptied
    api = server.api
    made = [api.new_run() for _ in range(4)]
    answered: list[tuple[str, int]] = []
    enough = threading.Event()

    def log(i: int) -> None:
        for n in range(10_000):
            step = n * 4 + i
            try:
                api.post("runs/log-metric", run_id=made[i], key="m", value=step, timestamp=1, step=step)
                api.post("runs/log-parameter", run_id=made[i], key=f"p{step}", value=str(step))
            except Unanswered:
                return
            answered.append((made[i], step))
            if len(answered) > 100 and {run_id for run_id, _ in answered} == set(made):
                enough.set()

    with ThreadPoolExecutor(4) as threads:
        jobs = [threads.submit(log, i) for i in range(4)]
        assert enough.wait(120)
        server.kill9()
        for job in jobs:
            job.result(120)
    api = server.restart().api

    for run_id in made:
        steps = {step for step, _, _ in api.history(run_id, "m")}
        params = api.params(run_id)
        mine = {step for each, step in answered if each == run_id}
        assert mine <= steps
        assert {f"p{step}" for step in mine} <= set(params)
        assert api.latest(run_id)["m"][0] == max(steps)
        assert len(steps - mine) <= 1  # one may have been under way


def test_a_crash_of_the_database_loses_nothing_that_was_answered(start: Start) -> None:
    database = Postgres()
    try:
        server = start("--durability", "full", "--store", database.url(database.create()))
        api = server.api
        run_id = api.new_run()
        for step in range(50):
            api.post("runs/log-metric", run_id=run_id, key="m", value=step, timestamp=1, step=step)

        database.stop()
        while_gone = api.fault("runs/log-metric", run_id=run_id, key="m", value=50, timestamp=1, step=50)
        read_while_gone = api.fault("runs/get", method="GET", run_id=run_id)
        database.start()

        assert while_gone[:2] == read_while_gone[:2] == (503, "TEMPORARILY_UNAVAILABLE")
        assert [step for step, _, _ in api.history(run_id, "m")] == list(range(50))
        api.post("runs/log-metric", run_id=run_id, key="m", value=51, timestamp=1, step=51)
        assert api.latest(run_id) == {"m": (51, 1, 51.0)}
        server.stop()
    finally:
        database.close()


@pytest.mark.slow
def test_concurrent_upserts_of_a_record_store_it_once(servers: Servers) -> None:
    made = servers.api.post("datasets/create", name="qa", version="3.0")["dataset"]
    path = f"datasets/{made['dataset_id']}/records"
    rounds = 10

    def give(api: Api, i: int) -> tuple[int, int]:
        inserted = updated = 0
        for n in range(rounds):
            shared = {"inputs": {"q": n}, "expectations": {f"by-{i}": n}, "tags": {f"by-{i}": "x"}}
            counts = api.post(path, records=json.dumps([shared, {"inputs": {"q": n, "of": i}}]), version="3.0")
            inserted += counts["inserted_count"]
            updated += counts["updated_count"]
        return inserted, updated

    counts = servers.at_once(give)

    found = json.loads(servers.api.get(path, version="3.0")["records"])
    shared = [record for record in found if "of" not in record["inputs"]]
    own = THREADS * rounds
    assert [record["inputs"]["q"] for record in shared] == list(range(rounds))
    everybody = {f"by-{i}" for i in range(THREADS)}
    for record in shared:
        assert (set(record["expectations"]), set(record["tags"])) == (everybody, everybody)
    assert (sum(new for new, _ in counts), sum(old for _, old in counts)) == (own + rounds, own - rounds)
    dataset = servers.api.get(f"datasets/{made['dataset_id']}", version="3.0")["dataset"]
    assert json.loads(dataset["profile"]) == {"num_records": own + rounds} == {"num_records": len(found)}
    assert json.loads(dataset["schema"])["expectations"] == dict.fromkeys(everybody, "integer")


@pytest.mark.slow
def test_a_dataset_deleted_while_records_come_leaves_none_behind(servers: Servers) -> None:
    for _ in range(5):
        made = servers.api.post("datasets/create", name="qa", version="3.0")["dataset"]
        path = f"datasets/{made['dataset_id']}"

        def work(api: Api, i: int, path: str = path) -> int:
            if i == THREADS - 1:
                return api.ask("DELETE", path, version="3.0").status
            given = json.dumps([{"inputs": {"q": n}} for n in range(50)])
            return api.ask("POST", f"{path}/records", {"records": given}, version="3.0").status

        *given, deleted = servers.at_once(work)

        assert (deleted, set(given) <= {200, 404}) == (200, True)
        assert servers.api.fault(path, method="GET", version="3.0")[0] == 404
    with closing(servers.database()) as db, db.read(1) as tx:
        assert tx.one(
            """
            SELECT COUNT(*) FROM evaluation_dataset_records r WHERE NOT EXISTS
                (SELECT 1 FROM evaluation_datasets d WHERE d.evaluation_dataset_seq = r.evaluation_dataset_seq)
            """
        ) == (0,)
