"""Two servers that link each other, under random writes on both sides, failing calls, clocks that are wrong, and either of
them killed: both converge afterwards."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from support import evaluation_datasets
from support.client import Api
from support.clocks import Clock
from support.faults.flaky import Flaky
from support.links import LINKS, add, all_runs, check, everything, link, log, put_file, until
from support.processes.servers import Server
from support.registry import CLOUD
from support.runner.examples import examples

LINK = "twin"
SIDES = ("north", "south")
FAULTS = ("429", "503", "cut-request", "cut-answer")
DAY_MS = 86_400_000
numbers = itertools.count()
sides = st.sampled_from(SIDES)
keys = st.sampled_from(("a", "b"))
values = st.sampled_from(("x", "y", "z"))
stages = st.sampled_from(("delete", "restore"))
picks = st.integers(0, 7)


class Pair:
    """A server of each side, with a clock and a store of its own, and the way to it."""

    def __init__(self, folder: Path, mode: str = "relaxed") -> None:
        self.servers: dict[str, Server] = {}
        self.clocks: dict[str, Clock] = {}
        self.ways: dict[str, Flaky] = {}  # to that side
        self.apis: dict[str, Api] = {}  # one connection each, as long as the server runs
        for side in SIDES:
            server = self.servers[side] = Server(folder / side, ("--durability", mode))
            self.clocks[side] = server.clock = Clock(folder / f"{side}.clock")
            self.start(side)
            server.options = (*server.options, "--port", str(server.port))
            self.ways[side] = Flaky(server.port)

    def start(self, side: str) -> None:
        self.apis[side] = self.servers[side].start().api

    def kill(self, side: str) -> None:
        self.servers[side].kill9()
        self.start(side)

    def fail(self, faults: Callable[[], Callable[[str, str], str | None]]) -> None:
        for way in self.ways.values():
            way.faults = faults()

    def close(self) -> None:
        for side in SIDES:
            self.ways[side].close()
            self.servers[side].kill9()


def machine(pair: Pair) -> type[RuleBasedStateMachine]:
    class TwoWorkspaces(RuleBasedStateMachine):
        @initialize(mutual=st.booleans())
        def begin(self, mutual: bool) -> None:
            self.name = f"w-{next(numbers)}"
            self.runs: list[str] = []
            self.models: list[str] = []
            self.datasets: list[str] = []
            self.time = 1_700_000_000_000
            self.files = itertools.count(1)
            self.end_to_fail()
            for side in SIDES:
                pair.apis[side].new_workspace(self.name)
                pair.clocks[side].move(0)
            self.linked = SIDES if mutual else SIDES[:1]
            for side in self.linked:
                other = SIDES[1 - SIDES.index(side)]
                add(self.api(side), LINK, f"{pair.ways[other].url}/ws/{self.name}", mode="both", registry=True)
            # Links to each other match experiments by name: one that is renamed before both did is two (docs/links-reference.md).
            until(self._have_matched, "the default experiment to be matched")

        def _have_matched(self) -> bool:
            return all(link(self.api(side), LINK)["mirrored"].get("experiment") for side in self.linked)

        def api(self, side: str) -> Api:
            return pair.apis[side].within(self.name)

        def run(self, pick: int) -> str:
            return self.runs[pick % len(self.runs)] if self.runs else "none"

        def tell(self, side: str, path: str, *, method: str = "POST", **fields: Any) -> Any:
            """What is not there (yet), or is deleted, refuses."""
            reply = self.api(side).ask(method, f"/api/2.0/mlflow/{path}", fields)
            assert reply.status < 500, reply
            return reply.json if reply.status == 200 else None

        def dataset(self, pick: int) -> str:
            return self.datasets[pick % len(self.datasets)] if self.datasets else "none"

        def ask(self, side: str, method: str, path: str, **fields: Any) -> Any:
            """Of evaluation datasets, as `tell`."""
            reply = self.api(side).ask(method, f"/api/3.0/mlflow/datasets/{path}", fields if method != "GET" else None)
            assert reply.status < 500, reply
            return reply.json if reply.status == 200 else None

        def experiment(self, side: str, pick: int) -> str:
            found = self.api(side).post("experiments/search", max_results=100, view_type="ALL")["experiments"]
            ids = sorted((each["experiment_id"] for each in found), key=int)
            chosen: str = ids[pick % len(ids)]
            return chosen

        @rule(side=sides, name=values, pick=picks, parent=picks)
        def new_run(self, side: str, name: str, pick: int, parent: int) -> None:
            nested = [{"key": "mlflow.parentRunId", "value": self.run(parent)}] if self.runs else []
            fields: dict[str, Any] = {"run_name": name, "start_time": self.time, "tags": nested}
            made = self.tell(side, "runs/create", experiment_id=self.experiment(side, pick), **fields)
            if made:
                self.runs.append(made["run"]["info"]["run_id"])

        @rule(side=sides, pick=picks, key=keys, step=st.integers(0, 5), value=st.sampled_from((1.5, "NaN", "Infinity")))
        def log_metric(self, side: str, pick: int, key: str, step: int, value: Any) -> None:
            fields = {"key": key, "value": value, "timestamp": self.time, "step": step}
            self.tell(side, "runs/log-metric", run_id=self.run(pick), **fields)

        @rule(side=sides, pick=picks, key=keys)
        def log_many(self, side: str, pick: int, key: str) -> None:
            points = [{"key": key, "value": i, "timestamp": self.time + i, "step": i} for i in range(600)]
            self.tell(side, "runs/log-batch", run_id=self.run(pick), metrics=points)

        @rule(side=sides, pick=picks, key=keys, value=values)
        def set_tag(self, side: str, pick: int, key: str, value: str) -> None:
            self.tell(side, "runs/set-tag", run_id=self.run(pick), key=key, value=value)

        @rule(side=sides, pick=picks, key=keys, value=values)
        def log_param(self, side: str, pick: int, key: str, value: str) -> None:
            self.tell(side, "runs/log-parameter", run_id=self.run(pick), key=key, value=value)

        @rule(side=sides, pick=picks, key=keys)
        def delete_tag(self, side: str, pick: int, key: str) -> None:
            self.tell(side, "runs/delete-tag", run_id=self.run(pick), key=key)

        @rule(side=sides, pick=picks, status=st.sampled_from(("RUNNING", "FINISHED", "FAILED")))
        def update(self, side: str, pick: int, status: str) -> None:
            self.tell(side, "runs/update", run_id=self.run(pick), status=status, end_time=self.time)

        @rule(side=sides, pick=picks, action=stages)
        def delete_or_restore(self, side: str, pick: int, action: str) -> None:
            self.tell(side, f"runs/{action}", run_id=self.run(pick))

        @rule(side=sides, pick=picks, path=st.sampled_from(("a.txt", "b/c.txt")))
        def write_file(self, side: str, pick: int, path: str) -> None:
            """Each is another one, and longer than those before."""
            if self.tell(side, f"runs/get?run_id={self.run(pick)}", method="GET"):
                put_file(self.api(side), self.run(pick), path, b"x" * next(self.files))

        @rule(side=sides, pick=picks)
        def delete_file(self, side: str, pick: int) -> None:
            found = self.tell(side, f"runs/get?run_id={self.run(pick)}", method="GET")
            if found:
                folder = found["run"]["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
                self.api(side).ask("DELETE", f"/api/2.0/mlflow-artifacts/artifacts/{folder}/a.txt")

        @rule(side=sides, name=values)
        def new_experiment(self, side: str, name: str) -> None:
            """Not with the name of a deleted one: if that is changed on the other side, it stays deleted, and the log says so."""
            if not any(self._has_deleted(each, name) for each in SIDES):
                self.tell(side, "experiments/create", name=name)

        def _has_deleted(self, side: str, name: str) -> bool:
            found = self.api(side).post("experiments/search", max_results=1000, view_type="DELETED_ONLY")
            return any(each["name"] == name for each in found.get("experiments", []))

        @rule(side=sides, pick=picks)
        def rename_experiment(self, side: str, pick: int) -> None:
            """To a name that nobody has."""
            new = f"renamed-{next(self.files)}"
            self.tell(side, "experiments/update", experiment_id=self.experiment(side, pick), new_name=new)

        @rule(side=sides, pick=picks, key=keys, value=values)
        def tag_experiment(self, side: str, pick: int, key: str, value: str) -> None:
            self.tell(
                side,
                "experiments/set-experiment-tag",
                experiment_id=self.experiment(side, pick),
                key=key,
                value=value,
            )

        @rule(side=sides, pick=picks, action=stages)
        def delete_or_restore_experiment(self, side: str, pick: int, action: str) -> None:
            self.tell(side, f"experiments/{action}", experiment_id=self.experiment(side, pick))

        @rule(side=sides, pick=picks, run=picks)
        def new_model(self, side: str, pick: int, run: int) -> None:
            experiment = self.experiment(side, pick)
            made = self.tell(side, "logged-models", experiment_id=experiment, name="m", source_run_id=self.run(run))
            if made:
                self.models.append(made["model"]["info"]["model_id"])

        @rule(side=sides, pick=picks, value=values)
        def change_model(self, side: str, pick: int, value: str) -> None:
            if self.models:
                path = f"logged-models/{self.models[pick % len(self.models)]}"
                self.tell(side, f"{path}/tags", method="PATCH", tags=[{"key": "k", "value": value}])

        @rule(side=sides, name=keys)
        def new_registered(self, side: str, name: str) -> None:
            self.tell(side, "registered-models/create", name=name)

        @rule(side=sides, name=keys)
        def new_version(self, side: str, name: str) -> None:
            """Its tag says which it is: numbers may differ where both sides gave them out."""
            tags = [{"key": "which", "value": str(next(self.files))}]
            self.tell(side, "model-versions/create", name=name, source=CLOUD, tags=tags)

        @rule(side=sides, name=keys, version=st.integers(1, 2), stage=st.sampled_from(("Staging", "Production")))
        def move_version(self, side: str, name: str, version: int, stage: str) -> None:
            fields: dict[str, Any] = {"name": name, "version": str(version), "archive_existing_versions": False}
            self.tell(side, "model-versions/transition-stage", stage=stage, **fields)

        @rule(side=sides, name=keys, alias=values, version=st.integers(1, 2))
        def set_alias(self, side: str, name: str, alias: str, version: int) -> None:
            self.tell(side, "registered-models/alias", name=name, alias=alias, version=str(version))

        @rule(side=sides, name=keys, key=keys, value=values)
        def tag_registered(self, side: str, name: str, key: str, value: str) -> None:
            self.tell(side, "registered-models/set-tag", name=name, key=key, value=value)

        @rule(side=sides, name=keys, version=st.integers(1, 2))
        def delete_version(self, side: str, name: str, version: int) -> None:
            self.tell(side, "model-versions/delete", method="DELETE", name=name, version=str(version))

        @rule(side=sides, pick=picks, key=keys, value=values)
        def new_dataset(self, side: str, pick: int, key: str, value: str) -> None:
            fields = {"experiment_ids": [self.experiment(side, pick)], "tags": json.dumps({key: value})}
            made = self.ask(side, "POST", "create", name=value, **fields)
            if made:
                self.datasets.append(made["dataset"]["dataset_id"])

        @rule(side=sides, pick=picks, question=keys, key=keys, value=values)
        def upsert_record(self, side: str, pick: int, question: str, key: str, value: str) -> None:
            given = [{"inputs": {"q": question}, "outputs": value, "expectations": {key: value}}]
            self.ask(side, "POST", f"{self.dataset(pick)}/records", records=json.dumps(given))

        @rule(side=sides, pick=picks)
        def delete_record(self, side: str, pick: int) -> None:
            found = self.ask(side, "GET", f"{self.dataset(pick)}/records") or {"records": "[]"}
            ids = [each["dataset_record_id"] for each in json.loads(found["records"])]
            self.ask(side, "DELETE", f"{self.dataset(pick)}/records", dataset_record_ids=ids[:1])

        @rule(side=sides, pick=picks, key=keys, value=values)
        def tag_dataset(self, side: str, pick: int, key: str, value: str) -> None:
            self.ask(side, "PATCH", f"{self.dataset(pick)}/tags", tags=json.dumps({key: value}))

        @rule(side=sides, pick=picks, what=st.sampled_from(("add", "remove")))
        def associate(self, side: str, pick: int, what: str) -> None:
            experiment = self.experiment(side, pick)
            self.ask(side, "POST", f"{self.dataset(pick)}/{what}-experiments", experiment_ids=[experiment])

        @rule(side=sides, pick=picks)
        def delete_dataset(self, side: str, pick: int) -> None:
            self.ask(side, "DELETE", self.dataset(pick))

        @rule(by=st.sampled_from((-DAY_MS, 1, 3_600_000)))
        def move_the_clock_of_clients(self, by: int) -> None:
            self.time += by

        @rule(side=sides, by=st.sampled_from((-365 * DAY_MS, -60_000, 0, 60_000, 365 * DAY_MS)))
        def move_the_clock_of_a_server(self, side: str, by: int) -> None:
            pair.clocks[side].move(by)

        @rule(fault=st.sampled_from(FAULTS), every=st.integers(2, 6))
        def begin_to_fail(self, fault: str, every: int) -> None:
            def faults() -> Callable[[str, str], str | None]:
                bad = itertools.cycle([fault] + [None] * (every - 1))
                return lambda method, path: next(bad)

            pair.fail(faults)

        @rule()
        def end_to_fail(self) -> None:
            pair.fail(lambda: lambda method, path: None)

        @rule(side=sides)
        def kill(self, side: str) -> None:
            pair.kill(side)

        @invariant()
        def answers(self) -> None:
            for api in pair.apis.values():
                assert api.ask("GET", "/health").status == 200

        def teardown(self) -> None:
            if not hasattr(self, "linked"):
                return
            self.end_to_fail()
            for side in self.linked:
                self.api(side).post(f"{LINKS}/{LINK}/resume")  # no longer waits for a remote that failed
            try:
                until(self._is_same, "both to be the same")
            except AssertionError:
                raise AssertionError(self._told()) from None
            assert len(state(self.api("north"))["runs"]) == len(self.runs)
            for side in SIDES:
                pair.apis[side].ask("DELETE", f"/api/3.0/mlflow/workspaces/{self.name}?mode=CASCADE")

        def _is_same(self) -> bool:
            if state(self.api("north")) != state(self.api("south")):
                return False
            return all(
                link(self.api(side), LINK)["lag_items"] == 0 and check(self.api(side), LINK) == []
                for side in self.linked
            )

        def _told(self) -> str:
            north, south = (state(self.api(side)) for side in SIDES)
            lines = [
                f"{part} {key}: {north[part].get(key)} in the north, {south[part].get(key)} in the south"
                for part in north
                for key in {*north[part], *south[part]}
                if north[part].get(key) != south[part].get(key)
            ]
            for side in self.linked:
                api = self.api(side)
                lines += [f"{side}: {link(api, LINK)}", *map(str, check(api, LINK)), *map(str, log(api, LINK)[-20:])]
            return "\n".join(lines)

    return TwoWorkspaces


def state(api: Api) -> dict[str, dict[str, Any]]:
    """All of a workspace that both sides shall have alike, by what it is called on both."""
    experiments = api.post("experiments/search", max_results=1000, view_type="ALL").get("experiments", [])
    ids = [each["experiment_id"] for each in experiments]
    models = api.post("logged-models/search", experiment_ids=ids, max_results=50).get("models", [])
    registered = api.get("registered-models/search", max_results=100).get("registered_models", [])
    return {
        "experiments": {each["name"]: (each["lifecycle_stage"], _pairs(each.get("tags", []))) for each in experiments},
        "runs": {
            run["info"]["run_id"]: (everything(api, run["info"]["run_id"]), _files(api, run["info"]["run_id"]))
            for run in all_runs(api)
        },
        "models": {
            each["info"]["model_id"]: (each["info"]["source_run_id"], _pairs(each["info"].get("tags", [])))
            for each in models
        },
        "registry": {each["name"]: _registered(api, each) for each in registered},
        "datasets": {each: _dataset(api, each) for each in evaluation_datasets.ids_of(api)},
    }


def _dataset(api: Api, dataset_id: str) -> Any:
    """Records come in the order in which each side got them."""
    if api.ask("GET", f"datasets/{dataset_id}", version="3.0").status == 404:
        return None  # it was deleted since it was listed
    found = evaluation_datasets.whole(api, dataset_id)
    return {**found, "records": sorted(found["records"], key=lambda each: str(each["inputs"]))}


def _registered(api: Api, model: Any) -> Any:
    """Versions by the tag that says which they are."""
    found = api.get("model-versions/search", max_results=100, filter=f"name = '{model['name']}'")
    versions = {each["version"]: each for each in found.get("model_versions", [])}
    which = {number: _pairs(each["tags"])["which"] for number, each in versions.items()}
    return {
        "tags": _pairs(model.get("tags", [])),
        "aliases": {each["alias"]: which[each["version"]] for each in model.get("aliases", [])},
        "versions": {which[number]: each["current_stage"] for number, each in versions.items()},
    }


def _pairs(tags: Any) -> dict[str, str]:
    return {each["key"]: each["value"] for each in tags}


def _files(api: Api, run: str) -> dict[str, int]:
    found: dict[str, int] = {}
    folders = [""]
    while folders:
        for each in api.get("artifacts/list", run_id=run, path=folders.pop()).get("files", []):
            if each["is_dir"]:
                folders.append(each["path"])
            else:
                found[each["path"]] = int(each["file_size"])
    return found


@pytest.fixture
def pair(tmp_path: Path) -> Any:
    made = Pair(tmp_path)
    yield made
    made.close()


def test_two_servers_converge_whatever_happens(pair: Pair) -> None:
    """A fixed set of histories in `make test`, random ones in `make test-all`."""
    _run(pair, most=examples(12), steps=12)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_servers_converge_whatever_happens_for_long(pair: Pair) -> None:
    _run(pair, most=40, steps=30)


def _run(pair: Pair, *, most: int, steps: int) -> None:
    run_state_machine_as_test(
        machine(pair),
        settings=settings(
            max_examples=most,
            stateful_step_count=steps,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],  # to shrink one that fails would take hours: each ends with a wait
        ),
    )
