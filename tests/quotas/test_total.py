"""Quotas of the server, which all workspaces share."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from support.client import Api
from support.people import OURS, People
from trackside import app
from trackside.core.settings import Settings
from trackside.jobs.kinds import Kind
from trackside.monitoring import recount
from trackside.quotas import usage, watch

pytestmark = pytest.mark.both

QUOTAS = f"{OURS}/quotas"
FULL = "The server, in all workspaces together, has 3 of at most 3 runs."


@pytest.fixture
def application(chosen: Settings, make_application: Callable[..., app.App]) -> app.App:
    return make_application(structs.replace(chosen, default_role=()))


def put(api: Api, limit: int, measure: str = "runs", scope: str = "server", **fields: Any) -> Any:
    reply = api.ask("PUT", QUOTAS, {"scope": scope, "measure": measure, "limit": limit, **fields})
    assert reply.status == 200, reply
    return reply.json["quota"]


def test_all_workspaces_share_the_limit(api: Api) -> None:
    north, south = api.new_workspace("north"), api.new_workspace("south")
    north.new_run()

    made = put(api, 3)
    south.new_run()
    api.new_run()
    refused = [each.fault("runs/create", experiment_id="0") for each in (api, north, south)]

    assert (made["scope"], made["used"], made["limit"]) == ("server", 1, 3)
    assert [each[:2] for each in refused] == [(403, "RESOURCE_LIMIT_EXCEEDED")] * 3
    assert {each[2] for each in refused} == {
        f"{FULL} An administrator of the server can raise the limit: trackside quota set runs LIMIT --all-workspaces"
    }
    put(api, 4)
    assert north.new_run()


def test_the_limit_that_was_hit_is_named(api: Api) -> None:
    north = api.new_workspace("north")
    put(api, 3)
    put(north, 1, scope="workspace")
    north.new_run()

    assert north.fault("runs/create", experiment_id="0")[2].startswith("Workspace 'north' has 1 of at most 1 runs.")
    for _ in range(2):
        api.new_run()
    assert api.fault("runs/create", experiment_id="0")[2].startswith(FULL)


def test_a_limit_of_the_server_counts_points_files_and_endpoints_too(api: Api) -> None:
    north = api.new_workspace("north")
    for measure in ("points", "bytes", "endpoints"):
        put(api, 1, measure)
    run = north.new_run()
    north.post("runs/log-metric", run_id=run, key="m", value=1.0, timestamp=1)
    north.post(f"{OURS}/endpoints", name="e", auth_mode="none")

    points = api.fault("runs/create", experiment_id="0")
    endpoints = api.fault(f"{OURS}/endpoints", name="e", auth_mode="none")

    assert points[2].startswith("The server, in all workspaces together, has 1 of at most 1 metric points.")
    assert endpoints[2].startswith("The server, in all workspaces together, has 1 of at most 1 endpoints.")
    used = {each["measure"]: each["used"] for each in api.get(QUOTAS)["quotas"]}
    assert used == {"points": 1, "bytes": 0, "endpoints": 1}


def test_totals_are_the_sums_of_what_experiments_use(api: Api, application: Any) -> None:
    north = api.new_workspace("north")
    put(api, 9)
    for experiment in ("0", north.new_experiment("e")):
        run = north.new_run(experiment)
        north.post("runs/log-metric", run_id=run, key="m", value=1.0, timestamp=1)
    db = application.asgi._database

    def sums() -> list[list[Any]]:
        with db.read(0) as tx:
            return [
                tx.all(f"""
                    SELECT workspace_id, CAST(SUM(runs) AS INTEGER), CAST(SUM(points) AS INTEGER) FROM {table}
                    WHERE :ws = 0 GROUP BY workspace_id ORDER BY workspace_id
                """)
                for table in ("quota_totals", "quota_usage")
            ]

    logged = sums()
    for ws, *_ in logged[0]:
        db.writer.submit(ws, lambda tx: usage.recount(tx, None)).result()

    assert logged[0] == logged[1] == sums()[0]
    assert [row[1:] for row in logged[0]] == [(2, 2)]


def test_workspaces_that_are_created_later_are_counted(api: Api, application: Any) -> None:
    db = application.asgi._database
    made = Kind(
        name=recount.KIND, title="Count", params=recount.Recount, run=lambda running, params: None, is_open=False
    )
    put(api, 2)
    api.new_workspace("north").new_run()

    with db.read(0) as tx:
        before = usage.uncounted(tx)
    recount.step(db, made)
    with db.read(0) as tx:
        after = usage.uncounted(tx)

    assert (len(before), after) == (1, [])
    assert api.get(QUOTAS)["quotas"][0]["used"] == 1


def test_the_deletion_of_a_workspace_frees_its_use(api: Api) -> None:
    north = api.new_workspace("north")
    put(api, 1)
    north.new_run()
    assert api.fault("runs/create", experiment_id="0")[0] == 403

    assert api.ask("DELETE", "/api/3.0/mlflow/workspaces/north?mode=CASCADE").status == 204

    assert api.new_run()


def test_the_limit_is_set_and_seen_by_administrators_of_the_server(api: Api, application: app.App) -> None:
    people = People(api).begin(application)
    bo = people.add("bo", "Owner")
    put(people.admin, 1)
    bo.new_run("0")

    refused = bo.ask("PUT", QUOTAS, {"scope": "server", "measure": "runs", "limit": 9})
    gone = bo.ask("DELETE", QUOTAS, {"scope": "server", "measure": "runs"})

    assert (refused.status, gone.status) == (403, 403)
    assert "a quota of all workspaces needs" in refused.json["message"]
    assert "quotas" not in bo.get(QUOTAS)
    assert [each["scope"] for each in people.admin.get(QUOTAS)["quotas"]] == ["server"]
    assert bo.fault("runs/create", experiment_id="0")[2].startswith(
        "The server, in all workspaces together, has 1 of at most 1 runs. 'root' set it."
    )


def test_counting_ends_when_the_limit_of_the_server_is_removed(api: Api) -> None:
    north = api.new_workspace("north")
    put(api, 1)
    put(north, 9, scope="workspace")
    north.new_run()

    assert api.ask("DELETE", QUOTAS, {"scope": "server", "measure": "runs"}).status == 200

    assert north.new_run()
    assert "counted_at" not in api.get(QUOTAS)
    assert [each["used"] for each in north.get(QUOTAS)["quotas"]] == [2]


def test_the_default_workspace_reports_that_the_limit_is_reached(api: Api, application: Any) -> None:
    north = api.new_workspace("north")
    put(api, 1)
    north.new_run()

    watch.step(application.asgi._database)
    watch.step(application.asgi._database)

    (told,) = [
        each
        for each in api.get(f"{OURS}/changes?entity=quota")["changes"]
        if each["action"] in ("warning", "exceeded", "eased")
    ]
    assert (told["action"], told["detail"]["scope"], told["detail"]["used"]) == ("exceeded", "server", 1)
    assert north.get(f"{OURS}/changes?entity=quota").get("changes", []) == []
