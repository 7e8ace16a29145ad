"""Items of an import that are too large for one transaction: they are imported completely, without blocking other writes."""

from typing import Any

import msgspec
import pytest

from support.client import Api
from support.links import add, all_runs, everything, until, url_of
from support.processes.servers import Server
from trackside.metrics.series import pack
from trackside.sync.portions import MOST_FIELDS, MOST_SINGLE_FIELDS

PREFIX = "/api/trackside/v1/sync"
MANY = MOST_FIELDS * 2 + 10


def tags(count: int = MANY) -> list[list[str]]:
    return [["tag", f"t{i}", "v"] for i in range(count)]


def put(api: Api, **item: Any) -> dict[str, Any]:
    found: dict[str, Any] = api.post(f"{PREFIX}/item", **item)
    return found


def imports(api: Api, run_id: str) -> int:
    """In how many transactions the run was imported, as the change log tells."""
    found = api.get("/api/trackside/v1/changes", entity="run", entity_id=run_id, limit=1000)
    return sum(1 for each in found["changes"] if each["action"] == "import")


@pytest.mark.slow
def test_a_run_with_many_tags_is_replicated_completely(api: Api) -> None:
    fields = [["name", "", "big"], ["status", "", "FINISHED"], ["end_time", "", "7"], *tags()]

    reply = put(api, entity="run", id="r1", experiment_id="0", put=fields)

    assert reply == {"id": "r1", "made": True}
    info = api.run("r1")["info"]
    assert (info["run_name"], info["status"], info["end_time"]) == ("big", "FINISHED", 7)
    assert sum(1 for key in api.tags("r1") if key.startswith("t")) == MANY


@pytest.mark.both
def test_a_deleted_run_stays_deleted_when_a_large_patch_comes(api: Api) -> None:
    put(api, entity="run", id="r1", experiment_id="0", put=[["stage", "", "deleted"]])

    put(api, entity="run", id="r1", experiment_id="0", put=tags())

    assert api.run("r1")["info"]["lifecycle_stage"] == "deleted"


@pytest.mark.slow
def test_an_experiment_and_models_are_replicated_completely(api: Api) -> None:
    some = MOST_SINGLE_FIELDS + 10
    experiment = put(api, entity="experiment", put=[["name", "", "big"], *tags(some)])
    model = put(
        api,
        entity="logged_model",
        id="m-1",
        experiment_id="0",
        put=[["name", "", "net"], ["status", "", "READY"], *tags()],
    )
    registered = put(api, entity="registered_model", id="u1", put=[["name", "", "reg"], *tags(some)])

    assert (experiment["made"], model["made"]) == (True, True)
    assert len(api.get("experiments/get", experiment_id=experiment["id"])["experiment"]["tags"]) == some
    found = api.get("logged-models/m-1")["model"]["info"]
    assert (found["status"], len(found["tags"])) == ("LOGGED_MODEL_READY", MANY)
    assert registered["id"] == "u1"
    assert len(api.get("registered-models/get", name="reg")["registered_model"]["tags"]) == some


def test_a_bundle_larger_than_a_transaction_is_stored_completely(api: Api) -> None:
    points = [(i, i, float(i)) for i in range(MOST_FIELDS * 10 + 5)]
    entries: list[dict[str, Any]] = [
        {"entity": "run", "id": each, "experiment_id": "0", "put": [*tags(3000), ["status", "", "FINISHED"]]}
        for each in ("r3", "r1", "r2")
    ]
    entries.append({"entity": "run", "id": "r1", "series": {"m": pack(points), "n": pack(points[:3])}})

    body = msgspec.msgpack.encode(entries)
    reply = api.ask("POST", f"{PREFIX}/bundle", body, headers={"content-type": "application/msgpack"})

    assert (reply.status, reply.json) == (200, {})
    for each in ("r1", "r2", "r3"):
        assert api.run(each)["info"]["status"] == "FINISHED"
        assert len(api.tags(each)) >= 3000
    last = {metric["key"]: metric["step"] for metric in api.run("r1")["data"]["metrics"]}
    assert last == {"m": len(points) - 1, "n": 2}


@pytest.mark.slow
def test_all_points_of_one_call_are_stored(api: Api) -> None:
    run_id = api.new_run()
    series = {f"s{i}": pack([(1, 2, 3.0)]) for i in range(MOST_FIELDS)}
    body = msgspec.msgpack.encode({"run_id": run_id, "series": series})

    reply = api.ask("POST", f"{PREFIX}/points", body, headers={"content-type": "application/msgpack"})

    assert reply.json == {"points": MOST_FIELDS}
    assert len(api.run(run_id)["data"]["metrics"]) == MOST_FIELDS
    missing = msgspec.msgpack.encode({"run_id": "nowhere", "series": {}})
    assert api.ask("POST", f"{PREFIX}/points", missing, headers={"content-type": "application/msgpack"}).status == 404


@pytest.mark.slow
def test_no_transaction_is_larger_than_the_limit(api: Api) -> None:
    put(api, entity="run", id="small", experiment_id="0", put=tags(100))
    put(api, entity="run", id="big", experiment_id="0", put=tags())

    assert (imports(api, "small"), imports(api, "big")) == (1, 3)


@pytest.mark.slow
def test_a_link_takes_a_large_run_in_portions(any_server: Server) -> None:
    here, there = any_server.api.new_workspace("north"), any_server.api.new_workspace("south")
    put(there, entity="run", id="r1", experiment_id=there.new_experiment("/e"), put=[["status", "", "FAILED"], *tags()])

    add(here, "twin", url_of(any_server, "south"), mode="pull")
    until(lambda: [r["info"]["status"] for r in all_runs(here)] == ["FAILED"], "the run to come")

    assert everything(here, "r1") == everything(there, "r1")
    assert imports(here, "r1") >= 3


@pytest.mark.parametrize("entity", ["run", "logged_model"])
def test_a_large_item_that_is_refused_at_its_end_may_be_sent_again(api: Api, entity: str) -> None:
    item = {"entity": entity, "id": "x1", "experiment_id": "0"}

    code = api.fault(f"{PREFIX}/item", **item, put=[*tags(), ["name", "", "n"], ["status", "", "ASLEEP"]])[1]
    put(api, **item, put=[*tags(), ["name", "", "n"], ["status", "", "FAILED" if entity == "run" else "READY"]])

    assert code == "INVALID_PARAMETER_VALUE"
