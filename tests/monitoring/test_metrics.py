"""`GET /metrics`, and the rules and the dashboard that query it."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from support.client import Api
from support.processes.servers import trackside
from support.scrapes import SELECTOR, families, samples
from trackside.core.errors import Unavailable
from trackside.core.http.meter import BOUNDS_S, Meter
from trackside.monitoring import dashboard, rules
from trackside.monitoring import families as families_
from trackside.monitoring.families import DELIVERY_KEY, DROPPED_KEY, FAMILIES, JOB_KEY, JOB_SCALE
from trackside.monitoring.watch import Watch, job_durations, worked
from trackside.monitoring.workers import Meters, SingleProcess

# Of what the library tells of its own process.
_OF_THE_PROCESS = re.compile(r"process_\w+|python_\w+")


def scrape(api: Api, **headers: str) -> str:
    reply = api.ask("GET", "/metrics", headers=headers)
    assert reply.status == 200
    return reply.body.decode()


@pytest.mark.both
def test_a_scrape_has_runs_log_calls_and_contents_of_the_store(api: Api) -> None:
    other = api.new_workspace("other-lab")
    runs = [api.new_run() for _ in range(3)]
    api.post("runs/update", run_id=runs[0], status="FINISHED")
    api.post("runs/delete", run_id=runs[2])
    other.new_run()
    for step in range(5):
        api.post("runs/log-metric", run_id=runs[0], key="loss", value=1.0, timestamp=1, step=step)
    api.post("registered-models/create", name="iris")

    text = scrape(api)

    status = samples(text, "trackside_runs")
    assert status[("status", "FINISHED"), ("workspace", "default")] == 1
    assert status[("status", "RUNNING"), ("workspace", "default")] == 1
    assert status[("status", "RUNNING"), ("workspace", "other-lab")] == 1
    assert samples(text, "trackside_deleted_runs") == {(("workspace", "default"),): 1}
    assert samples(text, "trackside_registered_models") == {(("workspace", "default"),): 1}
    assert samples(text, "trackside_workspaces") == {(): 2}
    assert samples(text, "trackside_store_up") == {(): 1}
    assert samples(text, "trackside_store_size_bytes")[()] > 4096
    logged = (("code", "2xx"), ("method", "POST"), ("route", "/api/2.0/mlflow/runs/log-metric"))
    assert samples(text, "trackside_http_request_duration_seconds_count")[logged] == 5
    assert samples(text, "trackside_http_response_size_bytes_sum")[logged] == 5 * len("{}")
    assert samples(text, "trackside_http_response_size_bytes_count")[logged] == 5
    assert samples(text, "trackside_metric_points_ingested_total") == {(("workspace", "default"),): 5}
    assert samples(text, "trackside_endpoints") == {(("workspace", name),): 0 for name in ("default", "other-lab")}


def test_points_are_counted_where_a_call_is_accepted(sqlite_api: Api) -> None:
    run = sqlite_api.new_run()
    metrics = [{"key": key, "value": 1.0, "timestamp": 1, "step": step} for key in "ab" for step in range(3)]
    sqlite_api.post("runs/log-batch", run_id=run, metrics=metrics)
    refused = sqlite_api.ask("POST", "runs/log-batch", {"run_id": "missing", "metrics": metrics})

    counted = samples(scrape(sqlite_api), "trackside_metric_points_ingested_total")

    assert (refused.status, counted) == (404, {(("workspace", "default"),): 6})


def test_dropped_requests_and_ended_jobs_have_labels_of_their_owners() -> None:
    meters = Meters(Meter(), Meter(), Meter())
    meters.work.count((DROPPED_KEY, 1), 7)
    meters.work.count((DROPPED_KEY, 99), 1)  # an endpoint that is gone
    meters.work.note((JOB_KEY, 1, "drift", "failed"), 2.5 / JOB_SCALE)
    meters.work.note((JOB_KEY, 99, "drift", "failed"), 1.0)  # a workspace that is gone
    meters.work.count((DELIVERY_KEY, 1, "dead"), 3)

    values = worked(meters.work.read(), {1: "default"}, {1: ("default", "iris")})

    assert values[families_.DROPPED] == [(("default", "iris"), 7.0)]
    ((labels, timing),) = job_durations(meters.work.read(), {1: "default"})
    assert (labels, timing.counts[:3]) == (("default", "drift", "failed"), [0, 1, 0])  # over 2 s, up to 4 s
    assert values[families_.ATTEMPTS] == [(("default", "dead"), 3.0)]


def test_an_answer_is_counted_by_the_template_of_its_route_and_the_class_of_its_status(sqlite_api: Api) -> None:
    sqlite_api.ask("GET", "/nowhere/at/all")
    sqlite_api.ask("GET", "runs/get", arguments={"run_id": "missing"})
    sqlite_api.ask("GET", "/api/trackside/v1/workspaces/secret-name")

    counts = samples(scrape(sqlite_api), "trackside_http_request_duration_seconds_count")

    assert counts[("code", "4xx"), ("method", ""), ("route", "")] == 1
    assert counts[("code", "4xx"), ("method", "GET"), ("route", "/api/2.0/mlflow/runs/get")] == 1
    assert not any("secret-name" in value or "nowhere" in value for labels in counts for _, value in labels)


def test_every_family_has_its_type_and_openmetrics_is_written_on_demand(sqlite_api: Api) -> None:
    sqlite_api.new_run()
    plain = families(scrape(sqlite_api))
    openmetrics = list(
        parse_openmetrics(  # type: ignore[no-untyped-call]
            scrape(sqlite_api, accept="application/openmetrics-text; version=1.0.0; charset=utf-8")
        )
    )

    assert {family.full: family.kind for family in FAMILIES} == {
        name: family.type for name, family in plain.items() if not _OF_THE_PROCESS.fullmatch(name)
    }
    assert {family.full for family in FAMILIES} <= {family.name for family in openmetrics}


def queries() -> list[str]:
    return [rule.expr for rule in rules.RULES] + [expr for panel in dashboard.PANELS for expr, _ in panel.queries]


def test_rules_and_dashboard_use_only_series_and_labels_of_a_scrape(sqlite_api: Api) -> None:
    found = families(scrape(sqlite_api))
    suffixes = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
    suffixes["summary"] = ("_count", "_sum")
    series = {f"{name}{suffix}": name for name, family in found.items() for suffix in suffixes.get(family.type, ())}
    labels = {family.full: {*family.labels, "le"} for family in FAMILIES}

    asked = [match for expr in queries() for match in SELECTOR.findall(expr)]

    assert len(asked) > 30
    assert {name for name, _ in asked} <= set(series)
    for name, selector in asked:
        given = set(re.findall(r"(\w+)=", selector))
        assert not given - labels.get(series[name], set()), (name, selector)


def test_routes_that_the_rules_name_are_served(sqlite_api: Api) -> None:
    paths = sqlite_api.ask("GET", "/openapi.json").json["paths"]

    found = {path for path in paths if re.fullmatch(rules.WRITES, path) and path.startswith("/api/")}

    assert len(found) == len(rules.WRITES.split("|"))


def test_the_commands_write_files_that_prometheus_and_grafana_read(tmp_path: Any) -> None:
    code, said, _ = trackside("monitoring", "rules", cwd=tmp_path)
    (group,) = yaml.safe_load(said)["groups"]
    assert code == 0
    assert [rule["alert"] for rule in group["rules"]] == [rule.name for rule in rules.RULES]
    assert [rule["expr"] for rule in group["rules"]] == [rule.expr for rule in rules.RULES]

    code, said, _ = trackside("monitoring", "dashboard", cwd=tmp_path)
    made = json.loads(said)
    assert code == 0
    assert made["uid"] == dashboard.UID
    assert all(
        target["datasource"]["uid"] == "${datasource}" for panel in made["panels"] for target in panel["targets"]
    )


def test_a_duration_is_counted_in_the_bucket_of_its_bound() -> None:
    meter = Meter()
    for seconds in (0.0, BOUNDS_S[0], BOUNDS_S[1], 11.0):
        meter.note("a", seconds, 10)

    timing = meter.read()["a"]

    assert timing.counts == [2, 1, *[0] * (len(BOUNDS_S) - 2), 1]
    assert (timing.seconds, timing.size) == (sum((0.0, *BOUNDS_S[:2], 11.0)), 40)


class _Store:
    """Answers, fails, or does not answer until it is told to."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self.error: Exception | None = None
        self.may_answer = threading.Event()
        self.may_answer.set()

    def fault(self) -> str | None:
        return None if self.error is None else str(self.error)

    @contextmanager
    def read(self, ws: int, limit: Any = None) -> Iterator[Any]:
        self.may_answer.wait()
        if self.error is not None:
            raise self.error
        with self._db.read(ws, limit) as tx:
            yield tx


def test_a_failing_or_hanging_store_delays_no_scrape(db: Any) -> None:
    asyncio.run(_fail_and_hang(db))


async def _fail_and_hang(db: Any) -> None:
    store, now = _Store(db), [0.0]
    with ThreadPoolExecutor(2) as threads:
        watch = Watch(
            store,
            SingleProcess(Meters(Meter(), Meter(), Meter())),
            ("1", "sqlite"),
            {},
            threads,
            lambda: now[0],
            wait_s=0.0,
        )
        store.error = Unavailable("gone")
        failed = (await watch.scrape(""))[1].decode()
        store.error = None
        whole = await _until_counted(watch)
        now[0] += 100
        store.may_answer.clear()
        hanging = (await watch.scrape(""))[1].decode()
        store.may_answer.set()

    assert samples(failed, "trackside_store_up") == {(): 0}
    assert not samples(failed, "trackside_workspaces")
    assert samples(whole, "trackside_workspaces") == samples(hanging, "trackside_workspaces") == {(): 1}
    assert samples(hanging, "trackside_counts_age_seconds") == {(): 100}


async def _until_counted(watch: Watch) -> str:
    while True:
        text = (await watch.scrape(""))[1].decode()
        if samples(text, "trackside_workspaces"):
            return text
