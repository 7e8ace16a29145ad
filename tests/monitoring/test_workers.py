"""The counts of several worker processes of a server are summed."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from support.client import Api
from support.links import until
from support.processes.servers import Server
from support.scrapes import samples, total
from trackside.core.http.meter import Meter
from trackside.monitoring import workers
from trackside.monitoring.workers import Meters, OneOfMany

LOGGED = {"route": "/api/2.0/mlflow/runs/log-metric", "code": "2xx"}
REQUESTS = "trackside_http_request_duration_seconds_count"


def meters() -> Meters:
    return Meters(Meter(), Meter(), Meter())


def test_counts_are_summed_over_workers_and_go_on_after_one_was_killed(tmp_path: Path) -> None:
    folder = workers.prepare(tmp_path / "workers")
    counted = [meters(), meters()]
    first, second = (OneOfMany(each, folder) for each in counted)
    key = ("POST", "/log", 2)
    counted[0].requests.note(key, 0.002, 10)
    counted[1].requests.note(key, 7.0, 30)
    counted[0].requests.begin(("POST", "/log"))
    counted[1].requests.begin(("POST", "/log"))
    counted[1].requests.begin(("GET", "/"))
    counted[1].requests.end(("GET", "/"))
    second.step()

    before = first.total()
    second.close()
    third = OneOfMany(meters(), folder)  # takes the place that is free
    after = first.total()
    third.close()
    first.close()

    assert before.under_way == {("POST", "/log"): 2, ("GET", "/"): 0}
    for total_ in (before, after):
        timing = total_.requests[key]
        assert (sum(timing.counts), timing.seconds, timing.size) == (2, 7.002, 40)
    assert len(list(folder.glob("*.json"))) == 2


def test_a_new_server_resets_the_counts_of_its_predecessor(tmp_path: Path) -> None:
    folder = workers.prepare(tmp_path / "workers")
    counted = meters()
    counted.requests.note(("GET", "/", 2), 1.0)
    OneOfMany(counted, folder).close()

    again = OneOfMany(meters(), workers.prepare(folder))

    assert again.total().requests == {}
    again.close()


def scrape(api: Api) -> str:
    return api.ask("GET", "/metrics").body.decode()


@pytest.mark.slow
def test_a_scrape_of_any_worker_counts_the_requests_of_all(postgres_store: str, start: Callable[..., Server]) -> None:
    server = start("--store", postgres_store, "--workers", "2")
    run = server.api.new_run()
    callers = [server.api for _ in range(8)]  # each with a connection of its own, which one worker keeps
    for step, caller in enumerate(callers * 5):
        caller.post("runs/log-metric", run_id=run, key="loss", value=1.0, timestamp=1, step=step)

    until(lambda: all(total(scrape(caller), REQUESTS, **LOGGED) == 40 for caller in callers))

    until(lambda: samples(scrape(callers[0]), "trackside_workers") == {(): 2})  # each tells of itself at its own time
    found = scrape(callers[0])
    assert total(found, "trackside_cpu_seconds_total", part="server") > 0
    assert not re.search("^process_", found, re.MULTILINE)
    killed = {int(each) for path in (server.data / "workers").glob("*.json") for each in _pids(path)}
    os.kill(killed.pop(), signal.SIGKILL)
    until(lambda: samples(scrape(server.api), "trackside_workers") == {(): 2} and _is_whole(server, killed))
    assert total(scrape(server.api), REQUESTS, **LOGGED) == 40


def _pids(path: Path) -> list[str]:
    return re.findall(r'"pid":(\d+)', path.read_text())


def _is_whole(server: Server, left: set[int]) -> bool:
    """Whether another worker has taken the place of the one that was killed."""
    now = {int(each) for path in (server.data / "workers").glob("*.json") for each in _pids(path)}
    return len(now) == 2 and left < now
