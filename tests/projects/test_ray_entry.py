"""The entry point on a machine of a Ray cluster, tested without Ray."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from trackside.jobs.executors import ray_jobs
from trackside.jobs.running import MARK


class Jobs(BaseHTTPRequestHandler):
    """A server with one job.  Its path says how it answers: /404, or /STATE/ATTEMPT."""

    def do_GET(self) -> None:  # the name is the library's
        assert self.headers["Authorization"] == "Bearer secret"
        state, _, attempt = self.path[1:].partition("/")
        self.send_response(404 if state == "404" else 200)
        self.end_headers()
        self.wfile.write(json.dumps({"job": {"state": state, "attempt": int(attempt or 0)}}).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Jobs) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run(folder: Path, job_url: str, *argv: str, python: str = "") -> "subprocess.CompletedProcess[str]":
    own = folder / ray_jobs.FOLDER
    own.mkdir()
    shutil.copyfile(ray_jobs.ON_CLUSTER, own / ray_jobs.ENTRY)
    order = {
        "argv": argv,
        "environment": {"WORD": "hello"},
        "python": python,
        "job_url": job_url,
        "attempt": 1,
        "token": "secret",
    }
    (own / ray_jobs.SECRET).write_text(json.dumps(order))
    return subprocess.run(
        [sys.executable, own / ray_jobs.ENTRY],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )


def test_the_process_runs_in_its_folder_after_the_file_with_its_token_was_removed(url: str, tmp_path: Path) -> None:
    done = run(tmp_path, f"{url}/running/1", "bash", "-c", "ls -A .trackside-job; echo $WORD in $PWD; exit 7")

    assert (done.returncode, done.stdout) == (7, f"entry.py\nhello in {tmp_path}\n")


def test_a_cluster_with_another_python_is_reported_with_both_versions(url: str, tmp_path: Path) -> None:
    done = run(tmp_path, f"{url}/running/1", "true", python="3.8")

    assert done.returncode == 1
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    said = json.loads(done.stdout.removeprefix(MARK))
    assert said == {"error": f"The project needs Python 3.8, and the Ray cluster has {here}."}


@pytest.mark.parametrize("answer", ["404", "failed/1", "running/2"])
def test_the_process_ends_when_its_attempt_is_over(url: str, tmp_path: Path, answer: str) -> None:
    done = run(tmp_path, f"{url}/{answer}", "sleep", "600")

    assert "The attempt of the job is over: its process is ended." in done.stdout
    assert done.returncode in (143, -9)
