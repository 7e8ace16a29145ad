"""Misbehaving models and invalid requests, against a server with real replicas: each gives a clear error, and other endpoints
continue."""

import http.client
import json
import os
import re
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from endpoints.conftest import ENDPOINTS, LOCAL, ROW, endpoint, register, wait_for, wait_healthy
from endpoints.test_serving import SERVICE, create, score, scorers
from support.client import Api
from support.processes.servers import Server
from trackside.core.processes import sandbox
from trackside.endpoints.backends.logs import MAX_BYTES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MISBEHAVING = """
import os, socket, subprocess, sys, threading, time
import mlflow

class Misbehaving(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        what, argument = model_input["do"].iloc[0], model_input["argument"].iloc[0]
        if what == "leak":
            kept = []
            while True:
                kept.append(bytearray(64 << 20))
        if what == "print":
            for _ in range(20_000):
                print("x" * 1000)
        if what == "fill":
            with open(os.path.join(argument, "filling"), "wb") as file:
                while True:
                    file.write(b"x" * (1 << 20))
                    file.flush()
        if what == "fork":
            for _ in range(5):
                subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)", argument])
        if what == "connect":
            with socket.create_connection(("127.0.0.1", int(argument)), timeout=5):
                return ["connected"]
        if what == "read":
            with open(argument) as file:
                return [file.read()]
        if what == "environment":
            return [repr(sorted(os.environ.items()))]
        if what == "replace":
            above = os.path.dirname(os.getcwd())
            os.chmod(above, 0o777)
            for name in os.listdir(above):
                if name != os.path.basename(os.getcwd()):
                    os.unlink(os.path.join(above, name))
            os.symlink(argument, os.path.join(above, "s"))
        if what == "hang":
            time.sleep(3600)
        return ["done"]

mlflow.models.set_model(Misbehaving())
"""


@pytest.fixture
def misbehaving(serving: Server, tmp_path: Path) -> Server:
    """A server with an endpoint `evil`, which misbehaves on request, and an endpoint `adder`, which must keep working."""
    import mlflow

    (tmp_path / "code.py").write_text(MISBEHAVING, "utf-8")
    mlflow.pyfunc.save_model(tmp_path / "model", python_model=str(tmp_path / "code.py"))
    register(serving.api, [tmp_path / "model"], "evil")
    spec = {**LOCAL, "request_timeout_s": 20, "memory_mb": 4096}
    create(serving.api, "evil", model_uri="models:/evil/1", auth_mode="none", spec=spec)
    create(serving.api, auth_mode="none")
    wait_healthy(serving.api, "evil")
    wait_healthy(serving.api, "adder")
    return serving


def do(api: Api, what: str, argument: str = "") -> Any:
    document = {"dataframe_split": {"columns": ["do", "argument"], "data": [[what, argument]]}}
    return score(api, "evil", document=document)


def adder_answers(api: Api) -> bool:
    return bool(score(api, "adder").json == {"predictions": [3.0]})


def test_a_model_that_leaks_prints_or_forks_affects_no_other_model(misbehaving: Server) -> None:
    api = misbehaving.api

    leaked = do(api, "leak")
    printed = do(api, "print")
    mark = f"mark-{os.getpid()}"
    forked = do(api, "fork", mark)
    children = running(mark)
    logs = sum(path.stat().st_size for path in (misbehaving.data / "endpoints" / "logs").iterdir())
    api.ask("DELETE", f"{ENDPOINTS}/evil")
    wait_for(lambda: not running(mark))

    assert (leaked.status, "MemoryError" in leaked.json["message"]) == (424, True)
    assert (printed.status, forked.status, len(children) >= 5) == (200, 200, True)
    assert logs <= 4 * MAX_BYTES
    assert adder_answers(api)


@pytest.mark.skipif(not sandbox.is_available(), reason="bubblewrap is not installed")
def test_a_model_reaches_no_network_no_secret_and_no_disk(misbehaving: Server) -> None:
    api = misbehaving.api
    secret = misbehaving.data / "secret.key"
    port = misbehaving.url.rpartition(":")[2]

    connected = do(api, "connect", port)
    read = [do(api, "read", path) for path in (str(secret), str(misbehaving.data / "trackside.db"), "/etc/shadow")]
    environment = do(api, "environment").json["predictions"][0]
    temporary = do(api, "fill", "/tmp")
    before = set(scorers(misbehaving))
    filled = do(api, "fill", ".")
    wait_for(lambda: set(scorers(misbehaving)) - before)
    wait_healthy(api, "evil")

    assert secret.exists() is False or "Permission" not in read[0].json["message"]
    assert [connected.status, *(each.status for each in read)] == [424] * 4
    assert "TRACKSIDE" not in environment
    assert (temporary.status, "No space left" in temporary.json["message"]) == (424, True)
    assert filled.status in (424, 503)
    assert adder_answers(api)


@pytest.mark.skipif(not sandbox.is_available(), reason="bubblewrap is not installed")
def test_a_model_cannot_replace_its_socket(misbehaving: Server, tmp_path: Path) -> None:
    api = misbehaving.api
    sockets = sockets_of(misbehaving)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "other"))
        other.listen()

        do(api, "replace", str(tmp_path / "other"))

        assert len(sockets) == 2
        assert all(path.is_socket() and not path.is_symlink() for path in sockets)
        assert (do(api, "nothing").json, adder_answers(api)) == ({"predictions": ["done"]}, True)


def test_a_replica_that_is_killed_under_load_leaves_no_request_without_an_answer(misbehaving: Server) -> None:
    statuses: list[int] = []
    is_over = threading.Event()

    def ask() -> None:
        api = misbehaving.api
        while not is_over.is_set():
            statuses.append(score(api, "adder").status)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    wait_for(lambda: len(statuses) > 50)
    for pid in scorers(misbehaving):
        os.kill(pid, signal.SIGKILL)
    seen = len(statuses)
    wait_for(lambda: 200 in statuses[seen + 8 :])
    is_over.set()
    for asker in askers:
        asker.join()

    assert set(statuses) <= {200, 503}
    wait_healthy(misbehaving.api, "adder")


def test_a_body_of_100_mb_and_a_thousand_idle_connections_do_not_stop_answers(misbehaving: Server) -> None:
    host, _, port = misbehaving.url.removeprefix("http://").partition(":")
    large = http.client.HTTPConnection(host, int(port), timeout=60)
    idle: list[socket.socket] = []
    try:
        idle.extend(socket.create_connection((host, int(port)), timeout=60) for _ in range(1000))
        answered = adder_answers(misbehaving.api)
        large.putrequest("POST", f"{SERVICE}/adder/score")
        large.putheader("content-type", "application/json")
        large.putheader("content-length", str(100 << 20))
        large.endheaders()
        refused = large.getresponse()
        message = json.loads(refused.read())["message"]
    finally:
        large.close()
        for each in idle:
            each.close()

    assert (answered, refused.status, "larger than" in message) == (True, 413, True)
    assert adder_answers(misbehaving.api)


def test_an_invalid_body_is_the_callers_mistake_and_nan_is_a_value(serving: Server) -> None:
    api = serving.api
    create(api, auth_mode="none")
    wait_healthy(api, "adder")
    bodies = [b'{"dataframe_split": \xff}', b"\x00", b"", b'{"dataframe_split": {}}', b"[" * 50_000]
    nan = json.dumps({"dataframe_split": {**ROW["dataframe_split"], "data": [[float("nan"), 1.0]]}}).encode()

    replied = [score(api, "adder", document=body) for body in bodies]
    of_nan = score(api, "adder", document=nan)

    assert [each.status for each in replied] == [400] * 5
    assert all({"error_code", "message"} <= set(each.json) for each in replied)
    assert (of_nan.status, "NaN" in of_nan.json["message"]) == (424, True)  # a linear regression refuses it
    scraped = api.ask("GET", "/metrics").body.decode()
    counts = dict(re.findall(r'endpoint_request_duration_seconds_count\{code="(\w+)"[^}]*\} (\d+)', scraped))
    assert counts == {"4xx": "5", "424": "1"}  # an error of the model is none of the callers


def test_a_requirement_that_fails_to_install_is_named(
    start: Callable[..., Server], models: list[Path], tmp_path: Path
) -> None:
    server = start()
    register(server.api, models[:1])
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in ("MLmodel", "python_env.yaml"):
        (broken / name).write_bytes((models[0] / name).read_bytes())
    (broken / "requirements.txt").write_text("trackside-has-no-such-package==9.9\n")
    register(server.api, [broken], "broken")

    create(server.api, "bad", model_uri="models:/broken/1", spec={}, auth_mode="none")
    failed = wait_for(lambda: (found := endpoint(server.api, "bad"))["state"] == "Failed" and found)

    assert "trackside-has-no-such-package" in failed["deployments"][0]["reason"]


def sockets_of(server: Server) -> set[Path]:
    """Return the sockets of a server's replicas, next to the one folder that each sandbox may write."""
    found = set()
    for entry in Path("/proc").iterdir():
        words: list[bytes] = []
        if entry.name.isdigit():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
        if b"--bind" in words and any(str(server.data).encode() in word for word in words):
            found.add(Path(words[words.index(b"--bind") + 1].decode()).with_name("s"))
    return found


def running(mark: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if mark.encode() in words and b"-c" in words:
                found.append(int(entry.name))
    return found
