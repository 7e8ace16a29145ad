"""Monitors of tables from creation to incidents, with real jobs and their child processes."""

from pathlib import Path

from drift.monitors.conftest import DAY, INCIDENTS, MONDAY, MONITORS, PER_DAY, back_fill, create, windows
from support.servers import Server


def test_a_shifted_column_opens_one_incident(watching: Server, folder: Path) -> None:
    api = watching.api
    create(api, folder)

    job = back_fill(api)

    found = windows(api)
    assert [each["start"] for each in found] == [MONDAY + day * DAY for day in range(6)]
    assert [each["rows"] for each in found] == [PER_DAY] * 6
    assert [each.get("drifted", []) for each in found] == [[], [], [], [], ["age"], ["age"]]
    assert job["result"]["drifted"] == ["age"]
    (incident,) = api.get(f"{INCIDENTS}?name=watch")["incidents"]
    assert (incident["column"], incident["subject"], incident["opened_at"]) == ("age", "drift", MONDAY + 4 * DAY)
    assert incident["value"] >= incident["threshold"]
    result = api.get(f"{MONITORS}/watch/windows/{MONDAY + 5 * DAY}")["result"]
    age = next(each for each in result["columns"] if each["found"]["name"] == "age")
    assert {each["name"] for each in age["found"]["signals"]} >= {"ks", "wasserstein", "psi", "jensen_shannon"}
