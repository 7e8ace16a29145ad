"""`trackside endpoint`, against a server of its own process."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from endpoints.conftest import ROW, endpoint, key_of, register
from support.processes.servers import Server, trackside


def command(server: Server, *words: str, cwd: Path) -> tuple[int, str, str]:
    return trackside("endpoint", *words, "--server", server.url, cwd=cwd)


@pytest.mark.slow
def test_a_model_is_deployed_scored_and_taken_away(serving: Server, tmp_path: Path) -> None:
    (tmp_path / "row.json").write_text(json.dumps(ROW), "utf-8")

    made = command(serving, "create", "adder", "--model", "models:/sum/1", "--env", "local", cwd=tmp_path)
    waited = command(serving, "update", "adder", "--replicas", "1", "--traffic", "blue=100", "--wait", cwd=tmp_path)
    scored = command(serving, "invoke", "adder", str(tmp_path / "row.json"), cwd=tmp_path)
    keys = command(serving, "keys", "adder", "--json", cwd=tmp_path)
    shown = command(serving, "show", "adder", cwd=tmp_path)
    deleted = command(serving, "delete", "adder", cwd=tmp_path)

    assert [made[0], waited[0], keys[0], shown[0], deleted[0]] == [0] * 5
    assert (scored[0], json.loads(scored[1])) == (0, {"predictions": [3.0]})
    assert set(json.loads(keys[1])) == {"primary", "secondary"}
    assert "1 of 1 replicas ready" in shown[1]


@pytest.mark.slow
def test_impossible_requests_are_reported_in_one_line(
    start: Callable[..., Server], models: list[Path], tmp_path: Path
) -> None:
    server = start("--model-python", sys.executable)
    register(server.api, models[:1])
    command(server, "create", "adder", cwd=tmp_path)

    refused = [
        command(server, "create", "1x", cwd=tmp_path),
        command(server, "show", "none", cwd=tmp_path),
        command(server, "update", "adder", "--traffic", "blue", cwd=tmp_path),
        command(server, "update", "adder", cwd=tmp_path),
        command(server, "invoke", "adder", str(tmp_path / "none.json"), cwd=tmp_path),
    ]

    assert all(code != 0 and len(complaint.strip().splitlines()) == 1 for code, _, complaint in refused), refused


def test_a_deployment_without_output_is_reported(start: Callable[..., Server], tmp_path: Path) -> None:
    server = start("--model-python", sys.executable)
    run = server.api.post("runs/create", experiment_id="0")["run"]["info"]
    server.api.post("registered-models/create", name="empty")
    server.api.post("model-versions/create", name="empty", source=f"{run['artifact_uri']}/model", run_id=run["run_id"])
    made = command(server, "create", "adder", "--model", "models:/empty/1", cwd=tmp_path)

    shown = command(server, "logs", "adder", cwd=tmp_path)
    for_programs = command(server, "logs", "adder", "--json", cwd=tmp_path)

    assert made[0] == 0, made
    assert shown == (
        0,
        "",
        "trackside: the replicas of deployment blue of endpoint adder have not written anything yet\n",
    )
    assert for_programs == (0, "[]\n", "")


def test_the_scoring_uri_that_is_printed_leads_into_the_workspace(start: Callable[..., Server], tmp_path: Path) -> None:
    server = start()
    server.api.new_workspace("vision")

    made = command(server, "create", "adder", "--workspace", "vision", cwd=tmp_path)
    shown = command(server, "show", "adder", "--workspace", "vision", cwd=tmp_path)

    uri = made[1].split()[-1]
    assert (made[0], shown[0]) == (0, 0)
    assert f" {uri}\n" in shown[1]
    key = key_of(server.api.within("vision"), "adder")
    scored = server.api.ask("POST", uri.removeprefix(server.url), b"{}", headers=key)
    assert (scored.status, scored.json["message"]) == (404, "Endpoint adder has no deployment with traffic.")


def test_any_field_of_the_spec_is_set(start: Callable[..., Server], tmp_path: Path) -> None:
    server = start("--model-python", sys.executable)
    run = server.api.post("runs/create", experiment_id="0")["run"]["info"]
    server.api.post("registered-models/create", name="empty")
    server.api.post("model-versions/create", name="empty", source=f"{run['artifact_uri']}/model", run_id=run["run_id"])
    model = ("--model", "models:/empty/1")

    made = command(server, "create", "adder", *model, "--set", "threads=2", "--set", "batching=off", cwd=tmp_path)
    changed = command(server, "update", "adder", "--set", "request_timeout_s=1.5", cwd=tmp_path)
    refused = [
        command(server, "update", "adder", *words, cwd=tmp_path)[2]
        for words in (("--set", "threads"), ("--set", "wings=2"), ("--replicas", "1", "--set", "replicas=2"))
    ]

    assert (made[0], changed[0]) == (0, 0), (made, changed)
    spec = endpoint(server.api, "adder")["deployments"][0]["spec"]
    assert (spec["threads"], spec["batching"], spec["request_timeout_s"]) == (2, "off", 1.5)
    assert refused[0] == "trackside: --set is 'threads'; it must be FIELD=VALUE, such as memory_mb=2048\n"
    assert "wings" in refused[1]
    assert refused[2] == "trackside: --set is 'replicas=2', but replicas is already set\n"
