"""Projects on a real Ray cluster, until its server is killed; run by `test_ray` in a network of its own.

ray_scenario.py PYTHON FOLDER     PYTHON has ray[default]; the only network is loopback
"""

import base64
import io
import json
import os
import secrets
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from endpoints.conftest import wait_for
from projects.conftest import MLPROJECT, TRAIN
from support.client import Api
from support.processes.servers import Server

GCS, PAGES = "127.0.0.1:6397", "127.0.0.1:8267"
JOBS = "/api/trackside/v1/jobs"
USER, PASSWORD = "root", secrets.token_hex(12)
TOKEN = secrets.token_hex(32)


def main(python: str, folder: Path) -> None:
    quiet = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_raylet_start_wait_time_s": "300"}
    quiet["RAY_agent_register_timeout_ms"] = "300000"  # a busy machine takes long to start Ray's agents
    quiet |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
    os.environ |= quiet  # the server hands the token to the process that submits jobs
    programs = str(Path(python).parent)
    command = [f"{programs}/ray", "start", "--head", "--node-ip-address=127.0.0.1", "--num-cpus=3", "--block"]
    command += [f"--port={GCS.rpartition(':')[2]}", "--include-dashboard=true", "--dashboard-host=127.0.0.1"]
    command += [f"--dashboard-port={PAGES.rpartition(':')[2]}", f"--temp-dir={folder / 'ray'}"]
    variables = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    head = subprocess.Popen(
        [*command, "--object-store-memory=100000000"], stdout=subprocess.PIPE, text=True, env=variables
    )
    assert head.stdout is not None
    if not any("Ray runtime started" in line for line in head.stdout):
        raise SystemExit(f"Ray did not start and ended with {head.wait()}")
    password = folder / "password"
    password.write_text(PASSWORD)
    options = ("--ray-address", GCS, "--ray-python", python, "--model-python", python, "--durability", "relaxed")
    server = Server(
        folder / "data", (*options, "--admin-username", USER, "--admin-password-file", str(password))
    ).start()
    try:
        scenario(server, folder)
    finally:
        server.stop()
        head.terminate()
        head.stdout.close()
        head.wait()


def scenario(server: Server, folder: Path) -> None:
    project = folder / "sums"
    project.mkdir()
    (project / "MLproject").write_text(MLPROJECT)
    (project / "train.py").write_text(TRAIN)

    runs_and_logs(server, project)
    fails(server, project)
    is_cancelled(server, project)
    ends_with_a_killed_server(server, project)
    is_retried_after_the_machine_of_the_server_failed(server, project)


def runs_and_logs(server: Server, project: Path) -> None:
    job, run = submit(server, project, count="3")

    assert job["state"] == "succeeded", job
    assert run["info"]["status"] == "FINISHED"
    assert {each["key"]: each["value"] for each in run["data"]["metrics"]} == {"loss": 1.0}
    assert "training with 0.5" in lines_of(server, job)
    shown = json.dumps(ask_ray("/api/jobs/"))
    assert submission(job) in shown
    assert "MLFLOW_TRACKING_TOKEN" not in shown, "the dashboard shows no token of the job"
    assert "MLFLOW_TRACKING_TOKEN" not in ask_ray(f"/api/jobs/{submission(job)}/logs")["logs"]


def fails(server: Server, project: Path) -> None:
    job, run = submit(server, project, "fails")

    assert (job["state"], run["info"]["status"]) == ("failed", "FAILED"), job
    assert "exit code 1: ValueError: could not convert string to float: 'no'" in job["reason"], (
        job["reason"],
        lines_of(server, job)[-5:],
    )
    assert status(job) == "FAILED"


def is_cancelled(server: Server, project: Path) -> None:
    job, _ = submit(server, project, "waits", wait=False)
    wait_for(lambda: "waiting" in lines_of(server, job))

    api(server).post(f"{JOBS}/{job['job_id']}/cancel", {})

    assert wait_ended(server, job)["state"] == "cancelled"
    wait_for(lambda: status(job) == "STOPPED")
    wait_for(lambda: not sleepers())
    assert api(server).run(run_of(job))["info"]["status"] == "KILLED"


def ends_with_a_killed_server(server: Server, project: Path) -> None:
    job, _ = submit(server, project, "waits", wait=False)
    wait_for(lambda: "waiting" in lines_of(server, job))

    server.kill9()

    wait_for(lambda: status(job) == "STOPPED")
    wait_for(lambda: not sleepers())
    server.start()
    assert wait_ended(server, job)["state"] == "failed"
    assert api(server).run(run_of(job))["info"]["status"] == "FAILED"


def is_retried_after_the_machine_of_the_server_failed(server: Server, project: Path) -> None:
    job, _ = submit(server, project, "waits", wait=False)
    wait_for(lambda: "waiting" in lines_of(server, job))
    for pid in watchers(job):  # nobody is left to stop the job on the cluster
        os.kill(pid, signal.SIGSTOP)
    server.kill9()
    for pid in watchers(job):
        os.kill(pid, signal.SIGKILL)
    assert status(job) == "RUNNING"
    server.start()
    assert wait_ended(server, job)["state"] == "failed"

    api(server).post(f"{JOBS}/{job['job_id']}/retry", {})

    second = {**job, "attempt": 2}
    wait_for(lambda: status(second) == "RUNNING" and len(sleepers()) == 1)
    assert status(job) in ("STOPPED", "FAILED"), "the first attempt was ended before the second one began"
    api(server).post(f"{JOBS}/{job['job_id']}/cancel", {})
    wait_for(lambda: not sleepers())


def submit(
    server: Server, project: Path, entry_point: str = "main", *, wait: bool = True, **given: str
) -> tuple[Any, Any]:
    """Start a project as the client does, and return the job and the run, after their end if `wait`."""
    run = api(server).post("/api/2.0/mlflow/runs/create", {"experiment_id": "0"})["run"]["info"]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(project, ".")
    below = run["artifact_uri"].removeprefix("mlflow-artifacts:/")
    api(server).put(f"/api/2.0/mlflow-artifacts/artifacts/{below}/project.tar.gz", packed.getvalue())
    params = {
        "run_id": run["run_id"], "entry_point": entry_point, "parameters": given, "env": "local", "compute": "ray"
    }  # fmt: skip
    job = api(server).post(JOBS, {"kind": "project", "params": params})["job"]
    job = wait_ended(server, job) if wait else wait_for(lambda: begun(server, job))
    return job, api(server).run(run["run_id"])


def begun(server: Server, job: Any) -> Any:
    found = api(server).get(f"{JOBS}/{job['job_id']}")["job"]
    return found if found["attempt"] else None


def api(server: Server) -> Any:
    return Signed(server.api)


class Signed:
    """Calls in the name of the administrator."""

    def __init__(self, plain: Api) -> None:
        self._plain = plain
        shown = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        self._headers = {"authorization": f"Basic {shown}"}

    def get(self, path: str) -> Any:
        return self._plain.ask("GET", path, headers=self._headers).json

    def put(self, path: str, body: bytes) -> None:
        kind = {"content-type": "application/octet-stream"}
        reply = self._plain.ask("PUT", path, body, headers={**self._headers, **kind})
        assert reply.status in (200, 201), reply

    def post(self, path: str, body: Any) -> Any:
        reply = self._plain.ask("POST", path, body, headers=self._headers)
        assert reply.status in (200, 201), reply
        return reply.json

    def run(self, run_id: str) -> Any:
        return self.get(f"/api/2.0/mlflow/runs/get?run_id={run_id}")["run"]


def wait_ended(server: Server, job: Any) -> Any:
    def ended() -> Any:
        found = api(server).get(f"{JOBS}/{job['job_id']}")["job"]
        return found if found["state"] not in ("queued", "running") else None

    return wait_for(ended)


def lines_of(server: Server, job: Any) -> list[str]:
    found: list[str] = api(server).get(f"{JOBS}/{job['job_id']}/logs").get("lines", [])
    return found


def run_of(job: Any) -> str:
    return str(job["params"]["run_id"])


def submission(job: Any) -> str:
    return f"trackside-{job['job_id']}-{job['attempt']}"


def status(job: Any) -> str:
    found = {each["submission_id"]: each["status"] for each in ask_ray("/api/jobs/")}
    return str(found.get(submission(job)))


def ask_ray(path: str) -> Any:
    request = Request(f"http://{PAGES}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
    with urlopen(request) as answer:
        return json.load(answer)


def watchers(job: Any) -> list[int]:
    return _processes(lambda words: b"watch" in words and submission(job).encode() in words)


def sleepers() -> list[int]:
    return _processes(lambda words: words[:2] == [b"sleep", b"600"])


def _processes(fits: Any) -> list[int]:
    """Find processes of this network namespace: other tests may run the same commands."""
    found = []
    own = Path("/proc/self/ns/net").readlink()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                is_here = (entry / "ns" / "net").readlink() == own
                words = (entry / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            except OSError:
                continue
            if is_here and fits(words):
                found.append(int(entry.name))
    return found


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
