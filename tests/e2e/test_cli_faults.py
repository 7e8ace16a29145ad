"""The command line where something outside of it fails: the connection, the terminal, the user's home."""

import json
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from support.processes.servers import trackside
from support.receiver import Answering, Receiver, answer

JOB = {
    "job_id": "1" * 32,
    "state": "succeeded",
    "progress": {"done": 1, "total": 1},
    "result": {"output": "runs:/r/out.csv", "rows": 1, "failed_rows": 0, "model": "models:/m/1"},
}
RUN = {"info": {"run_id": "r", "artifact_uri": "mlflow-artifacts:/0/r/artifacts"}}


def says(**fields: object) -> Answering:
    return answer(200, json.dumps(fields).encode())


def cut_short(handler: BaseHTTPRequestHandler) -> None:
    """Announce ten bytes, send five and hang up."""
    handler.send_response(200)
    handler.send_header("Content-Length", "10")
    handler.end_headers()
    handler.wfile.write(b"a,b\n1")
    handler.close_connection = True


def test_a_result_whose_transfer_is_cut_short_is_no_result(tmp_path: Path) -> None:
    words = ["score", "models:/m/1", "--input", "runs:/r/in.csv", "--output", "out.csv"]
    with closing(Receiver([says(job=JOB), says(job=JOB), says(run=RUN), cut_short])) as server:
        code, said, complaints = trackside(*words, "--server", server.url.removesuffix("/hook"), cwd=tmp_path)

    assert (code, said, list(tmp_path.iterdir())) == (2, "", [])
    assert complaints.startswith("trackside: no answer from http://")
    assert complaints.endswith("; the result is at runs:/r/out.csv\n")
