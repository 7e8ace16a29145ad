"""`mlflow run --backend trackside` by the stock client: the run, its log, failure, cancellation and the choice of an executor."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from endpoints.conftest import wait_for
from support.processes.servers import Server, environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

JOBS = "/api/trackside/v1/jobs"


def submit(server: Server, project: Path, *words: str, **config: Any) -> subprocess.CompletedProcess[str]:
    """Run the stock command line."""
    import json

    file = project.parent / "backend.json"
    file.write_text(json.dumps(config))
    command = [sys.executable, "-m", "mlflow", "run", str(project), "--backend", "trackside", "-c", str(file), *words]
    env = environment(MLFLOW_TRACKING_URI=server.url, PYTHONWARNINGS="ignore")
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=project.parent, check=False)


def only_run(server: Server) -> Any:
    (found,) = server.api.post("runs/search", experiment_ids=["0"])["runs"]
    return found


def after(server: Server, job: Any) -> Any:
    """The job once it has ended."""
    found = server.api.get(f"{JOBS}/{job['job_id']}")["job"]
    return found if found["state"] not in ("queued", "running") else None


def test_a_project_runs_on_the_server_and_logs_to_its_run(running: Server, project: Path) -> None:
    done = submit(running, project, "-P", "count=3", "--env-manager", "local", COMPUTE="local", STREAM_OUTPUT=True)

    assert done.returncode == 0, done.stderr
    assert "training with 0.5" in done.stdout
    run = only_run(running)
    run_id = run["info"]["run_id"]
    assert run["info"]["status"] == "FINISHED"
    assert {each["key"]: each["value"] for each in run["data"]["params"]} == {"alpha": "0.5", "count": "3"}
    assert {each["key"]: each["value"] for each in run["data"]["metrics"]} == {"loss": 1.0}
    tags = running.api.tags(run_id)
    assert tags["mlflow.source.type"] == "PROJECT"
    assert tags["mlflow.project.backend"] == "trackside"
    files = [each["path"] for each in running.api.get("artifacts/list", run_id=run_id)["files"]]
    assert files == ["log.txt", "project.tar.gz"]


def test_a_project_that_fails_leaves_a_failed_run_with_the_end_of_its_log(running: Server, project: Path) -> None:
    done = submit(running, project, "-e", "fails", USE_CONDA=False)

    assert done.returncode != 0
    run = only_run(running)
    run_id = run["info"]["run_id"]
    assert run["info"]["status"] == "FAILED"
    assert (
        "exit code 1: ValueError: could not convert string to float: 'no'"
        in running.api.tags(run_id)["trackside.failure"]
    )
    below = run["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    log = running.api.ask("GET", f"/api/2.0/mlflow-artifacts/artifacts/{below}/log.txt").body.decode()
    assert "ValueError: could not convert string to float: 'no'" in log


def test_a_parameter_that_is_missing_starts_no_job(running: Server, project: Path) -> None:
    done = submit(running, project, "--env-manager", "local")

    assert done.returncode != 0
    assert "No value given for missing parameters: 'count'" in done.stderr + done.stdout
    assert "jobs" not in running.api.get(JOBS)


def test_an_executor_that_the_server_lacks_is_refused_with_its_name(running: Server, project: Path) -> None:
    done = submit(running, project, "-P", "count=1", "--env-manager", "local", COMPUTE="gpu-cluster")

    assert "compute is 'gpu-cluster', which is not an executor of this server" in done.stderr
    assert only_run(running)["info"]["status"] == "FAILED"


def test_a_project_is_cancelled_from_python(running: Server, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    monkeypatch.chdir(project.parent)
    mlflow.set_tracking_uri(running.url)
    config = {"USE_CONDA": False, "STREAM_OUTPUT": False}
    submitted = mlflow.projects.run(
        str(project), "waits", backend="trackside", backend_config=config, synchronous=False, experiment_id="0"
    )
    wait_for(lambda: "waiting" in list(submitted.job.logs()))
    before = submitted.get_status()

    submitted.cancel()

    assert (before, submitted.get_status(), submitted.wait()) == ("RUNNING", "KILLED", False)
    assert running.api.run(submitted.run_id)["info"]["status"] == "KILLED"


def test_a_repository_is_fetched_only_from_hosts_that_the_operator_allows(
    start: Any, project: Path, tmp_path: Path
) -> None:
    def git(*words: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"]
        subprocess.run(["git", *identity, *words], cwd=project, check=True, capture_output=True, env=os.environ)

    (project / "away").symlink_to(tmp_path)
    git("init", "-q")
    git("add", "MLproject", "train.py", "away")
    git("commit", "-qm", "one")
    server = start("--model-python", sys.executable, "--project-sources", f"file://{tmp_path}")

    def ask(uri: str, **more: str) -> tuple[Any, str]:
        run_id = server.api.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
        params = {
            "run_id": run_id,
            "git_uri": uri,
            "version": "main",
            "parameters": {"count": "2"},
            "env": "local",
            **more,
        }
        return server.api.ask("POST", JOBS, {"kind": "project", "params": params}).json, run_id

    refused, _ = ask("https://example.com/acme/sums")
    queued, run_id = ask(f"file://{project}")
    leading_out, _ = ask(f"file://{project}", subdirectory="away/sums")

    assert refused["error_code"] == "PERMISSION_DENIED"
    assert "below none of the server's --project-sources" in refused["message"]
    ended, denied = (wait_for(partial(after, server, each["job"])) for each in (queued, leading_out))
    assert ended["state"] == "succeeded", ended["reason"]
    assert denied["reason"] == "subdirectory is 'away/sums', which the project does not have."
    assert server.api.run(run_id)["info"]["status"] == "FINISHED"
    assert server.api.latest(run_id)["loss"][2] == 0.5
