"""Endpoints on a server in a separate process, with real scorers and real kills."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import make_settings
from endpoints.conftest import ENDPOINTS, LOCAL, ROW, endpoint, key_of, register, wait_for, wait_healthy
from support.client import Api, Reply
from support.processes.servers import Server
from trackside import opening

SERVICE = "/api/v1/service"


def create(api: Api, name: str = "adder", **fields: Any) -> Any:
    body = {"name": name, "model_uri": "models:/sum/1", "spec": LOCAL, **fields}
    return api.post(ENDPOINTS, body)["endpoint"]


def score(api: Api, name: str, headers: dict[str, str] | None = None, document: Any = ROW) -> Reply:
    return api.ask("POST", f"{SERVICE}/{name}/score", document, headers=headers or {})


def test_a_registered_model_answers_behind_its_keys(serving: Server) -> None:
    api = serving.api

    made = create(api)
    wait_healthy(api, "adder")
    key = key_of(api, "adder")

    assert made["scoring_path"] == f"{SERVICE}/adder/score"
    assert score(api, "adder", key).json == {"predictions": [3.0]}
    assert score(api, "adder", key, {"input_data": ROW["dataframe_split"]}).json == [3.0]
    assert [score(api, "adder").status, score(api, "adder", {"authorization": "Bearer x"}).status] == [401, 401]
    assert score(api, "none", key).status == 404
    swagger = api.ask("GET", f"{SERVICE}/adder/swagger.json", headers=key)
    assert swagger.json["paths"]["/score"]["post"]["operationId"] == "RunMLService"


@pytest.mark.slow
def test_an_update_answers_every_request_and_a_rollback_restores_the_old_model(serving: Server) -> None:
    api = serving.api
    create(api, auth_mode="none")
    wait_healthy(api, "adder")
    statuses: list[int] = []
    is_over = threading.Event()

    def ask() -> None:
        mine = serving.api
        while not is_over.is_set():
            statuses.append(score(mine, "adder").status)

    asking = threading.Thread(target=ask)
    asking.start()
    put(api, "adder", "blue", model_uri="models:/sum/2")
    wait_for(lambda: score(api, "adder").json == {"predictions": [6.0]})
    wait_for(lambda: len(endpoint(api, "adder")["deployments"][0]["replicas"]) == 1)
    is_over.set()
    asking.join()
    api.post(f"{ENDPOINTS}/adder/deployments/blue/rollback")
    wait_for(lambda: score(api, "adder").json == {"predictions": [3.0]})

    assert set(statuses) == {200}


@pytest.mark.slow
def test_traffic_is_split_and_pinned(serving: Server) -> None:
    api = serving.api
    create(api, auth_mode="none")
    put(api, "adder", "green", model_uri="models:/sum/2", spec=LOCAL)
    wait_for(lambda: all(d["state"] == "Healthy" for d in endpoint(api, "adder")["deployments"]))

    pinned = [score(api, "adder", {"azureml-model-deployment": name}).json["predictions"] for name in ("blue", "green")]
    before = {score(api, "adder").json["predictions"][0] for _ in range(20)}
    api.ask("PATCH", f"{ENDPOINTS}/adder", {"traffic": {"blue": 50, "green": 50}})
    split = {score(api, "adder").json["predictions"][0] for _ in range(60)}

    assert (pinned, before, split) == ([[3.0], [6.0]], {3.0}, {3.0, 6.0})
    assert score(api, "adder", {"azureml-model-deployment": "red"}).status == 400


@pytest.mark.slow
def test_a_replica_that_is_killed_is_replaced_and_callers_are_answered(serving: Server) -> None:
    api = serving.api
    create(api, auth_mode="none", spec={**LOCAL, "replicas": 2})
    wait_healthy(api, "adder")
    pids = scorers(serving)

    os.kill(pids[0], signal.SIGKILL)
    answers = [score(api, "adder").status for _ in range(20)]
    wait_for(lambda: len(scorers(serving)) == 2 and pids[0] not in scorers(serving))

    assert set(answers) == {200}
    wait_healthy(api, "adder")


@pytest.mark.slow
def test_a_restarted_server_serves_its_endpoints_again(serving: Server) -> None:
    api = serving.api
    create(api, auth_mode="none")
    wait_healthy(api, "adder")
    before = scorers(serving)

    serving.kill9()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in before))
    serving.restart()
    api = serving.api
    wait_for(lambda: score(api, "adder").status == 200)

    assert score(api, "adder").json == {"predictions": [3.0]}


@pytest.mark.slow
def test_a_restarted_server_on_postgresql_does_not_wait_for_the_leases_of_the_killed_one(
    start: Callable[..., Server], models: list[Path], postgres_store: str, tmp_path: Path
) -> None:
    server = start("--model-python", sys.executable, "--store", postgres_store)
    register(server.api, models)
    create(server.api, auth_mode="none")
    wait_healthy(server.api, "adder")

    server.kill9()
    db = opening.open_database(make_settings(tmp_path / "look", postgres_store))
    with db.write(0) as tx:
        held = tx.run("UPDATE leases SET expires_at = expires_at + 3600000")
    db.close()
    server.restart()
    wait_for(lambda: score(server.api, "adder").status == 200)

    assert held > 0


@pytest.mark.slow
def test_a_version_that_is_served_cannot_be_deleted(serving: Server) -> None:
    api = serving.api
    create(api)

    refused = api.ask("DELETE", "/api/2.0/mlflow/model-versions/delete", {"name": "sum", "version": "1"})
    api.ask("DELETE", f"{ENDPOINTS}/adder")
    allowed = api.ask("DELETE", "/api/2.0/mlflow/model-versions/delete", {"name": "sum", "version": "1"})

    assert (refused.status, "endpoint 'adder'" in refused.json["message"], allowed.status) == (400, True, 200)


@pytest.mark.slow
def test_a_deleted_endpoint_leaves_no_process(serving: Server) -> None:
    api = serving.api
    create(api, auth_mode="none")
    wait_healthy(api, "adder")
    pids = scorers(serving)

    api.ask("DELETE", f"{ENDPOINTS}/adder")
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))

    assert score(api, "adder").status == 404


@pytest.mark.slow
def test_a_model_that_does_not_load_is_reported_with_the_reason(serving: Server, tmp_path: Path) -> None:
    from endpoints.conftest import register

    api = serving.api
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "MLmodel").write_text("flavors: {}\n", "utf-8")
    register(api, [tmp_path / "broken"], "broken")

    create(api, "bad", model_uri="models:/broken/1")
    failed = wait_for(lambda: (found := endpoint(api, "bad"))["state"] == "Failed" and found)
    log = api.get(f"{ENDPOINTS}/bad/deployments/blue/logs")["lines"]

    assert "No replica became ready in 3 starts" in failed["deployments"][0]["reason"]
    assert any("python_function" in line for line in log)
    assert score(api, "bad", key_of(api, "bad")).status == 503


def scorers(server: Server) -> list[int]:
    """The processes that score for a server, found by its data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if (
                b"--lifeline" in words
                and any(str(server.data).encode() in word for word in words)
                and b"bwrap" not in words[0]
            ):
                found.append(int(entry.name))
    return sorted(found)


def put(api: Api, name: str, deployment: str, **fields: Any) -> Any:
    reply = api.ask("PUT", f"{ENDPOINTS}/{name}/deployments/{deployment}", fields)
    assert reply.status == 200, reply
    return reply.json["endpoint"]
