"""The calls of the overview pages."""

from collections.abc import Hashable
from typing import Any

import pytest

from support.client import Api
from support.people import ADMIN, People, basic, signed
from support.scrapes import samples, total
from trackside.core.db.tx import Tx
from trackside.core.http.meter import Timing
from trackside.monitoring import families, overview, row_counts
from trackside.monitoring.exposition import Exposition, Facts

OURS = "/api/trackside/v1"


@pytest.mark.both
def test_the_overview_of_a_workspace_counts_only_its_own_contents(api: Api) -> None:
    other = api.new_workspace("other-lab")
    other.new_run()
    runs = [api.new_run() for _ in range(3)]
    api.post("runs/update", run_id=runs[0], status="FAILED", end_time=2**42)
    api.post("runs/delete", run_id=runs[1])
    api.post("registered-models/create", name="iris")
    assert api.ask("PUT", f"{OURS}/quotas", {"scope": "workspace", "measure": "runs", "limit": 3}).status == 200
    assert api.ask("PUT", f"{OURS}/alert-rules/x", {"measure": "failed_jobs", "above": 1}).status == 200

    found = api.get(f"{OURS}/overview")

    assert found["runs"] == {"FAILED": 1, "RUNNING": 1}
    assert found["ended"] == {"FAILED": 1}
    assert (found["experiments"], found["models"], found["alert_rules"]) == (1, 1, 1)
    (quota,) = found["quotas"]
    assert (quota["used"], quota["limit"], quota["level"]) == (3, 3, "exceeded")
    assert other.get(f"{OURS}/overview")["runs"] == {"RUNNING": 1}


def test_a_quota_of_each_user_is_shown_with_its_fullest_user_and_not_removable_for_one(sqlite_api: Api) -> None:
    runs = {"measure": "runs", "limit": 2}
    for user in ("ann", "bo", "bo"):
        sqlite_api.ask("POST", "runs/create", {"experiment_id": "0"}, headers={"X-Trackside-User": user})
    sqlite_api.ask("PUT", f"{OURS}/quotas", {"scope": "user", "subject": "*", **runs})
    sqlite_api.ask("PUT", f"{OURS}/quotas", {"scope": "experiment", "subject": "0", "measure": "points", "limit": 99})

    told = sqlite_api.get(f"{OURS}/overview")["quotas"]

    assert {(each["subject"], each["used"], each.get("is_inherited", False)) for each in told} == {
        ("*", 2, False),
        ("bo", 2, True),
        ("0", 0, False),
    }


def test_the_overview_of_the_server_has_a_line_for_each_workspace(sqlite_api: Api) -> None:
    sqlite_api.new_workspace("other-lab").new_run()
    sqlite_api.ask("GET", "runs/get", arguments={"run_id": "missing"})

    found = sqlite_api.get(f"{OURS}/server-overview")

    assert [(each["name"], each["runs"], each["running"]) for each in found["workspaces"]] == [
        ("default", 0, 0),
        ("other-lab", 1, 1),
    ]
    assert found["is_store_up"] is True
    assert found["requests"] >= 3
    assert found["errors"] == 0
    assert {part["name"] for part in found["parts"]} == {"server", "children"}
    assert found["disks"][0]["size_bytes"] > found["disks"][0]["free_bytes"] > 0


def test_only_callers_who_may_read_the_servers_metrics_see_the_servers_overview(sqlite_api: Api) -> None:
    people = People(sqlite_api).begin()
    people.add("ann")

    assert signed(sqlite_api, basic("ann")).ask("GET", f"{OURS}/server-overview").status == 403
    assert signed(sqlite_api, basic(ADMIN)).ask("GET", f"{OURS}/server-overview").status == 200


def many_endpoints(tx: Tx, count: int) -> None:
    tx.many(
        """
        INSERT INTO endpoints (workspace_id, name, auth_mode, description, created_by, created_at, updated_at)
        VALUES (:ws, :name, 'key', '', '', :now, :now)
        """,
        [{"name": f"endpoint-{number}"} for number in range(count)],
    )
    tx.run(
        """
        INSERT INTO deployments (workspace_id, endpoint_seq, name, traffic, mirror, model, spec, generation, state, reason,
            created_at, updated_at)
        SELECT :ws, endpoint_seq, 'blue', 100, 0, '{}', '{}', 1, 'Healthy', '', :now, :now FROM endpoints
        WHERE workspace_id = :ws
        """
    )
    tx.run(
        """
        INSERT INTO replicas (replica_id, workspace_id, deployment_seq, generation, holder, address, state, reason, started_at)
        SELECT 'r' || deployment_seq, :ws, deployment_seq, 1, '', '', 'ready', '', :now FROM deployments
        WHERE workspace_id = :ws
        """
    )


def test_ten_thousand_endpoints_do_not_flood_a_scrape_or_a_page(db: Any) -> None:
    db.writer.submit(1, lambda tx: many_endpoints(tx, 10_000)).result()

    with db.read(1) as tx:
        reading = row_counts.read(tx)
        page = overview.of_workspace(tx, overview.OfWorkspace())
    replicas = reading.values[families.REPLICAS]
    assert len(replicas) == row_counts.MOST_SERIES + 1
    assert sum(value for _, value in replicas) == 10_000
    label, count = replicas[-1]
    assert (list(label), int(count)) == (["default", row_counts.OTHER, "", "ready"], 8000)
    assert len(page.endpoints) == overview.MOST_ENDPOINTS


def test_half_of_a_surrogate_pair_in_a_label_breaks_no_scrape() -> None:
    made = Exposition(lambda: Facts({families.RUNS: [(("a\ud800", "RUNNING"), 1.0)]}, {}, {}, {}))

    body = made.text("text/plain")[1].decode()

    assert samples(body, "trackside_runs") == {(("status", "RUNNING"), ("workspace", "a?")): 1}


@pytest.mark.parametrize(
    "odd", ['a"b', "a\\b", "a\nb", "\u202eabc", "\u2028", "\0", "é\u0301", "\U0001f600", "", "{}", "=,"]
)
def test_label_values_are_read_back_unchanged(odd: str) -> None:
    timing = Timing()
    timing.counts[3] = 1
    scored: dict[Hashable, Timing] = {("default", odd, "blue", 2): timing}
    made = Exposition(lambda: Facts({families.RUNS: [((odd, "RUNNING"), 1.0)]}, {}, scored, {}))

    body = made.text("text/plain")[1].decode()

    assert samples(body, "trackside_runs") == {(("status", "RUNNING"), ("workspace", odd)): 1}
    assert total(body, "trackside_endpoint_request_duration_seconds_count", endpoint=odd) == 1
