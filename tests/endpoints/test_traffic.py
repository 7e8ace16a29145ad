"""The counts of the router by minute: written by each server, summed by the reader, and returned by a call."""

from typing import Any

import pytest

from endpoints.conftest import ENDPOINTS
from support.client import Api
from support.links import until
from support.processes.servers import Server
from trackside.core.http.meter import BOUNDS_S, Meter
from trackside.endpoints import traffic_store
from trackside.endpoints.traffic import MODEL_FAILED, Traffic, class_of, quantile_ms
from trackside.endpoints.traffic_routes import summed
from trackside.endpoints.traffic_store import Minute

WS = 1


class Clock:
    def __init__(self) -> None:
        self.now = 6_000_000.0

    def __call__(self) -> float:
        return self.now


def counted(db: Any, since: int = 0) -> list[tuple[str, int, int, int, int]]:
    with db.read(WS) as tx:
        found = traffic_store.since(tx, "adder", since)
    return [(each.deployment, each.start, each.requests, each.client_errors, each.server_errors) for each in found]


@pytest.mark.both
def test_requests_are_counted_by_minute(db: Any) -> None:
    meter, clock = Meter(), Clock()
    traffic = Traffic(db, meter, clock)

    for status in (200, 200, 400, 503, MODEL_FAILED):
        meter.note((WS, "adder", "blue", class_of(status)), 0.02)
    traffic.step()
    meter.note((WS, "adder", "blue", 2), 0.02)
    traffic.step()
    clock.now += 60
    traffic.step()
    meter.note((WS, "adder", "blue", 2), 0.02)
    traffic.step()

    assert counted(db) == [("blue", 6_000_000_000, 6, 1, 2), ("blue", 6_000_060_000, 1, 0, 0)]


def test_old_minutes_are_dropped(db: Any) -> None:
    meter, clock = Meter(), Clock()
    meter.note((WS, "adder", "blue", 2), 0.02)
    Traffic(db, meter, clock).step()

    clock.now += 9 * 86_400
    Traffic(db, Meter(), clock).step()

    assert counted(db) == []


def test_the_minutes_of_several_servers_and_of_a_step_are_added_up() -> None:
    def minute(start: int, requests: int) -> Minute:
        buckets = [0] * (len(BOUNDS_S) + 1)
        buckets[1] = requests  # 5 to 10 ms
        return Minute("adder", "blue", start, requests, 1, 0, tuple(buckets))

    points = summed([minute(0, 10), minute(0, 30), minute(60_000, 10), minute(120_000, 5)], 120_000)

    assert [(p.start, p.requests, p.client_errors, p.p50_ms) for p in points] == [(0, 50, 3, 7.5), (120_000, 5, 1, 7.5)]


def test_a_quantile_is_in_its_bucket() -> None:
    buckets = [0] * (len(BOUNDS_S) + 1)
    assert quantile_ms(tuple(buckets), 0.5) is None

    buckets[0], buckets[-1] = 90, 10

    assert quantile_ms(tuple(buckets), 0.45) == pytest.approx(2.5)
    assert quantile_ms(tuple(buckets), 0.99) == 10_000


def test_the_call_shows_an_endpoint_without_requests_and_checks_its_arguments(api: Api) -> None:
    api.post(ENDPOINTS, {"name": "adder"})

    shown = api.get(f"{ENDPOINTS}/adder/traffic", minutes=600)

    assert (shown["points"], shown["step_s"], shown["until"] - shown["since"]) == ([], 180, 600 * 60_000)
    assert api.fault(f"{ENDPOINTS}/adder/traffic", method="GET", minutes=0)[0] == 400
    assert api.fault(f"{ENDPOINTS}/other/traffic", method="GET")[0] == 404


def test_a_health_probe_does_not_count_as_a_failed_request(server: Server) -> None:
    api, service = server.api, "/api/v1/service/adder"
    api.post("registered-models/create", name="sum")
    api.post("model-versions/create", name="sum", source="s3://bucket/model")
    api.post(ENDPOINTS, {"name": "adder", "model_uri": "models:/sum/1", "auth_mode": "none"})

    probed = [api.ask("GET", service).status for _ in range(5)]
    scored = api.ask("POST", f"{service}/score", {"inputs": []}).status
    until(lambda: bool(api.get(f"{ENDPOINTS}/adder/traffic", minutes=60)["points"]))
    points = api.get(f"{ENDPOINTS}/adder/traffic", minutes=60)["points"]

    assert (probed, scored) == ([503] * 5, 503)
    assert [(each["requests"], each["server_errors"]) for each in points] == [(1, 1)]
