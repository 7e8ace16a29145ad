"""Used storage: counted by a job, and summed by experiment, user, kind, age, item and workspace."""

import json
from typing import Any

import pytest

from slices.cleanup.test_command import Said, said
from slices.cleanup.test_deletions import filled_run, put
from slices.cleanup.test_jobs import ended
from support.client import Api
from support.people import OURS
from support.processes.servers import Server

__all__ = ["said"]
STORAGE = f"{OURS}/storage"


def lines(api: Api, **asked: Any) -> dict[str, int]:
    found = api.get(STORAGE, **asked)
    return {each["key"]: each["file_bytes"] + each["row_bytes"] for each in found["lines"]}


@pytest.mark.both
def test_a_job_counts_files_and_points_of_every_item_and_the_sums_agree(any_server: Server) -> None:
    api = any_server.api
    experiment_id = api.new_experiment("churn")
    large, small = filled_run(api, experiment_id, size=5000), filled_run(api, size=10)
    model = api.post("logged-models", experiment_id=experiment_id, name="net", source_run_id=large)["model"]["info"]
    put(api, experiment_id, f"models/{model['model_id']}/artifacts/MLmodel", b"y" * 50)
    put(api, "0", "stray.bin", b"z" * 7)
    api.post("runs/delete", run_id=small)
    assert "counted_at" not in api.get(STORAGE)

    job = ended(api, "storage-count")

    points = 300 * 24
    assert job["result"] == {"items": 3, "files": 6, "file_bytes": 10_000 + 20 + 50 + 7, "row_bytes": 2 * points}
    assert lines(api) == {experiment_id: 10_050 + points, "0": 20 + points, "": 7}
    assert lines(api, by="kind") == {"run": 10_000 + points, "trash": 20 + points, "logged_model": 50, "rest": 7}
    assert lines(api, by="item", experiment_id=experiment_id) == {
        f"run:{large}": 10_000 + points, f"logged_model:{model['model_id']}": 50
    }  # fmt: skip
    assert sum(lines(api, by="user").values()) == sum(lines(api, by="age").values()) == 10_077 + 2 * points
    first = api.get(STORAGE, max_results=1)
    assert (len(first["lines"]), first["rest"]["file_bytes"]) == (1, 27)
    assert first["total"]["file_bytes"] == 10_077
    (whole,) = api.get(f"{STORAGE}/workspaces")["workspaces"]
    assert (whole["name"], whole["file_bytes"], whole["row_bytes"]) == ("default", 10_077, 2 * points)

    api.post(f"{OURS}/deletions", kind="run", run_id=large)
    again = ended(api, "storage-count")
    assert again["result"]["items"] == 2
    assert lines(api, by="item") == {
        f"run:{small}": 20 + points, f"logged_model:{model['model_id']}": 50, "rest:": 7
    }  # fmt: skip


@pytest.mark.slow
def test_the_command_counts_and_shows(server: Server, said: Said) -> None:
    run_id = filled_run(server.api)

    assert said("storage")[0] == 2
    code, out, _ = said("storage", "--count")
    assert (code, "Default" in out, "9.0 KiB" in out) == (0, True, True)
    shown = json.loads(said("storage", "--by", "item", "--json")[1])
    assert [each["key"] for each in shown["lines"]] == [f"run:{run_id}"]
    heads, first, *_ = (line.split() for line in said("storage", "--by", "item")[1].splitlines())
    assert heads[:3] == ["ITEM", "KIND", "ID"]
    assert first[1:3] == ["run", run_id]
    assert "default" in said("storage", "--by", "workspace")[1]


def test_an_invalid_query_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"by": "colour"}, "by is 'colour'"),
        ({"max_results": 0}, "max_results is 0"),
        ({"age": "old"}, "age is 'old'"),
        ({"experiment_id": "x"}, "Invalid experiment ID"),
    ]

    for asked, words in cases:
        with subtests.test(asked=asked):
            query = "&".join(f"{name}={value}" for name, value in asked.items())
            reply = api.ask("GET", f"{STORAGE}?{query}")

            assert (reply.status, words in reply.json["message"]) == (400, True)
