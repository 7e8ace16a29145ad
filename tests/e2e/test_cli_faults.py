"""The command line with external faults: of the connection, the terminal, the user's home."""

import json
import shlex
import subprocess
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from support.processes.servers import TRACKSIDE, Server, environment, trackside
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


def test_a_truncated_download_fails(tmp_path: Path) -> None:
    words = ["score", "models:/m/1", "--input", "runs:/r/in.csv", "--output", "out.csv"]
    with closing(Receiver([says(job=JOB), says(job=JOB), says(run=RUN), cut_short])) as server:
        code, said, complaints = trackside(*words, "--server", server.url.removesuffix("/hook"), cwd=tmp_path)

    assert (code, said, list(tmp_path.iterdir())) == (2, "", [])
    assert complaints.startswith("trackside: no answer from http://")
    assert complaints.endswith("; the result is at runs:/r/out.csv\n")


def shell(command: str, cwd: Path, **variables: str) -> tuple[int, str, str]:
    """Run `trackside` followed by these words, as a shell reads them."""
    done = subprocess.run(
        ["sh", "-c", f"exec {shlex.join(TRACKSIDE)} {command}"],
        cwd=cwd,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_command_with_a_closed_output_still_does_its_work(tmp_path: Path) -> None:
    assert shell("version >&-", tmp_path) == (0, "", "")
    assert shell("-h >&-", tmp_path)[0] == 0
    assert shell("nonsense 2>&-", tmp_path) == (2, "", "")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no such device")
def test_an_error_message_that_cannot_be_written_keeps_the_exit_code(tmp_path: Path) -> None:
    assert shell("link show l --server http://127.0.0.1:1 2>/dev/full", tmp_path)[0] == 2
    assert shell("nonsense 2>/dev/full", tmp_path)[0] == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no such device")
@pytest.mark.parametrize("command", ["version", "monitoring dashboard", "doctor --port 0"])
def test_an_output_that_cannot_be_written_is_reported_in_one_line(command: str, tmp_path: Path) -> None:
    code, _, complaint = shell(f"{command} >/dev/full", tmp_path)

    assert (code, complaint) == (2, "trackside: standard output cannot be written (No space left on device)\n")


@pytest.mark.slow
def test_characters_that_the_terminal_cannot_show_are_escaped(server: Server, tmp_path: Path) -> None:
    server.api.post("/api/trackside/v1/workspaces", name="team", description="größe \u20ac")
    ascii_only = {"TRACKSIDE_URL": server.url, "PYTHONIOENCODING": "ascii"}

    shown = trackside("workspace", "list", cwd=tmp_path, **ascii_only)
    for_programs = trackside("workspace", "list", "--json", cwd=tmp_path, **ascii_only)

    assert (shown[0], shown[2]) == (0, "")
    assert shown[1].endswith("gr\\xf6\\xdfe \\u20ac\n")
    assert {each["name"]: each["description"] for each in json.loads(for_programs[1])}["team"] == "größe \u20ac"


@pytest.mark.slow
def test_bytes_that_are_not_text_are_reported_in_one_line(tmp_path: Path) -> None:
    for words in (["link", "show"], ["endpoint", "show"], ["schedule", "show"]):
        command: list[str | bytes] = [*TRACKSIDE, *words, b"\xff"]
        done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)

        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert "has bytes that are not text in this locale" in done.stderr


def test_an_input_that_ends_early_is_reported_in_one_line(server: Server, tmp_path: Path) -> None:
    code, _, complaint = trackside("login", server.url, cwd=tmp_path, HOME=str(tmp_path))

    assert (code, complaint) == (2, "trackside: standard input ended before an answer\n")


@pytest.mark.parametrize(
    ("home", "said"),
    [
        ("/dev/null", "/dev/null/.trackside cannot be written to (Not a directory)"),
        ("~", "this user has no home folder for the tokens of `trackside login`; set HOME"),
    ],
)
def test_a_read_only_home_folder_fails_a_login_and_no_other_command(
    home: str, said: str, server: Server, tmp_path: Path
) -> None:
    listed = trackside("job", "list", "--server", server.url, cwd=tmp_path, HOME=home)
    login = trackside("login", server.url, "--username", "ann", cwd=tmp_path, HOME=home, given="pass word\n")

    assert listed == (0, "", "")
    assert (login[0], login[1], login[2].count("\n")) == (2, "", 1)
    assert said in login[2]
