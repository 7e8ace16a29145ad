"""The calls of a request log: settings, rows, files; and a real endpoint that logs."""

import csv
import io
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from endpoints.conftest import ENDPOINTS, LOCAL, ROW, wait_for, wait_healthy
from support.client import Api
from support.people import People
from support.processes.servers import Server, trackside
from trackside.app import App

AZURE = {"input_data": {"columns": ["b", "a"], "data": [[3, 2], [5, 4]]}}
LOG = f"{ENDPOINTS}/adder/request-log"


@pytest.fixture
def logged(api: Api) -> Api:
    api.post(ENDPOINTS, {"name": "adder"})
    return api


@pytest.mark.both
def test_a_log_is_off_until_it_is_switched_on(logged: Api) -> None:
    before = logged.get(LOG)["request_log"]
    on = logged.ask("PUT", LOG, {"sampling": 0.25, "max_mb": 10}).json["request_log"]
    changed = logged.ask("PUT", LOG, {"keep_days": 7}).json["request_log"]
    off = logged.ask("DELETE", LOG).json["request_log"]

    assert (before["is_on"], off["is_on"]) == (False, False)
    assert (on["sampling"], on["max_mb"], on["keep_days"]) == (0.25, 10, 30)
    assert (changed["sampling"], changed["keep_days"]) == (0.25, 7)


def test_a_wrong_setting_is_named(logged: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"sampling": 0}, "sampling is 0"),
        ({"sampling": 1.5}, "sampling is 1.5"),
        ({"max_mb": 0}, "max_mb is 0"),
        ({"keep_days": 4000}, "keep_days is 4000"),
    ]

    for fields, named in cases:
        with subtests.test(fields=fields):
            refused = logged.ask("PUT", LOG, fields)

            assert (refused.status, named in refused.json["message"]) == (400, True)
            assert logged.get(LOG)["request_log"]["is_on"] is False


def test_a_wrong_range_is_refused(logged: Api, subtests: pytest.Subtests) -> None:
    cases: list[dict[str, str]] = [
        {"limit": "0"},
        {"limit": "x"},
        {"since": "yesterday"},
        {"since": "2", "until": "1"},
        {"until": "9" * 400},
    ]

    for arguments in cases:
        with subtests.test(arguments=arguments):
            assert logged.fault(f"{LOG}/rows", method="GET", **arguments)[0] == 400


def test_an_empty_log_has_no_rows_and_no_file(logged: Api) -> None:
    assert logged.get(f"{LOG}/rows")["rows"] == []
    assert logged.fault(f"{LOG}/table", method="GET")[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert "one of parquet, csv, daily" in logged.fault(f"{LOG}/table", method="GET", format="xls")[2]
    assert logged.fault(f"{ENDPOINTS}/other/request-log", method="GET")[0] == 404
    assert logged.fault(f"{LOG}?files=perhaps", method="DELETE")[0] == 400


@pytest.mark.slow
def test_the_command_switches_a_log_on_and_shows_counters_that_are_zero(server: Server, tmp_path: Path) -> None:
    server.api.post(ENDPOINTS, {"name": "adder"})

    on = trackside(
        "endpoint", "request-log", "adder", "--on", "--sampling", "0.1", "--server", server.url, cwd=tmp_path
    )
    off = trackside("endpoint", "request-log", "adder", "--off", "--server", server.url, cwd=tmp_path)

    assert (on[0], on[2], off[0], off[2]) == (0, "", 0, "")
    assert "10 % of the requests, 1024 MB, 30 days" in on[1]
    assert [line.split()[-1] for line in off[1].splitlines()] == ["off", "bytes", "0", "0", "0", "0"]


def test_only_callers_who_may_read_requests_get_rows(logged: Api, application: App) -> None:
    people = People(logged).begin(application)
    reader, scientist = people.add("reader", "Reader"), people.add("scientist", "AzureML Data Scientist")

    asked = [api.ask("GET", path).status for api in (reader, scientist) for path in (LOG, f"{LOG}/rows")]

    assert asked == [200, 403, 200, 200]


def test_without_pyarrow_the_server_says_how_to_install_it(logged: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    status, _, message = logged.fault(LOG, {}, method="PUT")

    assert (status, "pip install 'trackside[drift]'" in message) == (501, True)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_endpoint_logs_its_requests_and_answers(serving: Server, tmp_path: Path) -> None:
    api = serving.api
    api.post(ENDPOINTS, {"name": "adder", "model_uri": "models:/sum/1", "spec": LOCAL, "auth_mode": "none"})
    wait_healthy(api, "adder")
    score = "/api/v1/service/adder/score"
    api.ask("POST", score, ROW)
    assert api.ask("PUT", LOG, {}).status == 200

    mine = api.ask("POST", score, ROW, headers={"x-request-id": "mine-1"})
    other = api.ask("POST", score, AZURE, headers={"x-request-id": "a b"})
    bad = api.ask("POST", score, b"{", headers={"x-request-id": "bad"})
    found = wait_for(lambda: (rows := api.get(f"{LOG}/rows")["rows"]) and rows)

    assert (mine.headers["x-request-id"], other.status, bad.status) == ("mine-1", 200, 400)
    assert {each["_request_id"] for each in found} == {"mine-1", other.headers["x-request-id"]}
    assert sorted((each["a"], each["b"], each["prediction"]) for each in found) == [(1, 2, 3), (2, 3, 5), (4, 5, 9)]
    assert {each["_model"] for each in found} == {"models:/sum/1"}
    table = parquet.read_table(io.BytesIO(api.ask("GET", f"{LOG}/table").body))
    assert (table.num_rows, str(table.schema.field("a").type)) == (3, "double")
    shown = api.get(LOG)["request_log"]
    assert (shown["counters"]["logged"], shown["files"]) == (2, 1)

    words = ("endpoint", "request-log", "adder", "--server", serving.url, "--output")
    one, days = trackside(*words, "rows.csv", cwd=tmp_path), trackside(*words, "days/", cwd=tmp_path)
    assert (one[0], days[0]) == (0, 0), (one, days)
    with (tmp_path / "rows.csv").open(newline="") as file:
        assert sorted(float(row["prediction"]) for row in csv.DictReader(file)) == [3, 5, 9]
    whole = sorted(path.relative_to(tmp_path / "days").as_posix() for path in (tmp_path / "days").rglob("*.csv"))
    kinds = [re.sub(r"/\d{4}/\d\d/\d\d/data.csv$", "", path) for path in whole]
    below = "modeldata/00000000-0000-0000-0000-000000000000/default/default/adder/sum/1"
    assert sorted(set(kinds)) == [f"{below}/inputs", f"{below}/predictions"]

    assert api.ask("DELETE", f"{LOG}?files=true").json["request_log"]["files"] == 0
    assert "x-request-id" not in api.ask("POST", score, ROW).headers
