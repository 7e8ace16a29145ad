"""Drives replicas on a Ray cluster; run as a file by the Python of `--ray-python`, and it imports nothing of Trackside.

The server writes one JSON object a line to standard input and reads one answer a line: `{"do": "start" | "observe" | "stop" |
"forget", "replica": ID, …}`.  A replica is a Ray actor that runs the scorer as a child process.  When standard input ends, this
process ends, and Ray ends its actors with it, so that no replica outlives the server.

It is a separate process because Ray ends its driver when the cluster is lost, and that must not end the server.
"""

import collections
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import threading
import urllib.request
from pathlib import Path
from typing import Any

import ray

PIECE_BYTES = 32 << 20
WAIT_S = 2.0
NAMESPACE = "trackside"
MOST_CAUSES = 10
MOST_STATS_BYTES = 64 << 10


# Removes a folder when standard input ends, which is when all processes that hold its other end have ended.  It leaves the
# process group and the parent, because Ray kills the children of an actor with it.
REMOVER = """
import os, shutil, sys
if os.fork():
    os._exit(0)
os.setsid()
sys.stdin.buffer.read()
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""


class Replica:
    """The actor: the files of the scorer and of the model in a folder of its own, and the scorer on a port of its node.

    The folder is removed when the actor and the scorer have ended, also if Ray kills the actor, which runs no finalizer then."""

    def __init__(self, scorer: dict[str, str], pieces: list[Any], flags: list[str], token: str) -> None:
        root = Path(tempfile.mkdtemp(prefix="trackside-replica-"))
        remover = subprocess.Popen([sys.executable, "-I", "-c", REMOVER, str(root)], stdin=subprocess.PIPE)  # noqa: S603
        assert remover.stdin is not None
        self.lives = remover.stdin
        remover.wait()
        for name, text in scorer.items():
            (root / "scorer").mkdir(exist_ok=True)
            (root / "scorer" / name).write_text(text, "utf-8")
        archive = root / "model.tar"
        with archive.open("wb") as file:
            for piece in pieces:
                file.write(ray.get(piece))
        with tarfile.open(archive) as packed:
            packed.extractall(root / "model", filter="data")  # the server created the archive
        archive.unlink()
        (root / "keys").mkdir(mode=0o700)
        (root / "keys" / "router").write_text(hashlib.sha256(token.encode()).hexdigest(), "utf-8")
        self.token = token
        self.host = ray.util.get_node_ip_address()
        self.port = 0
        self.lines: Any = collections.deque(maxlen=2000)
        self.written = 0
        command = [sys.executable, str(root / "scorer"), "--model", str(root / "model"), "--port", "0", *flags]
        command += ["--host", self.host, "--keys", str(root / "keys"), "--lifeline"]
        self.process = subprocess.Popen(  # noqa: S603  # the scorer; the model is what the caller brings
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=root,
            start_new_session=True,
            pass_fds=[self.lives.fileno()],
        )
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self) -> None:
        assert self.process.stdout is not None
        for raw in self.process.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            word, _, port = line.partition(" ")
            if word == "ready" and port.isdecimal():
                self.port = int(port)
            self.lines.append(line[:4000])
            self.written += 1

    def status(self, seen: int) -> dict[str, Any]:
        """Return the state, with the log lines after the first `seen`."""
        code = self.process.poll()
        stats: str | None = None
        if code is None and self.port:
            request = urllib.request.Request(  # to its own scorer
                f"http://{self.host}:{self.port}/stats", headers={"Authorization": f"Bearer {self.token}"}
            )
            try:
                with urllib.request.urlopen(request, timeout=1) as answer:  # noqa: S310
                    stats = answer.read(MOST_STATS_BYTES).decode()
            except (OSError, ValueError):
                stats = None
        lines, written = list(self.lines), self.written
        fresh = lines[max(0, len(lines) - (written - seen)) :] if written > seen else []
        found = {"code": code, "host": self.host, "port": self.port, "stats": stats, "lines": fresh, "written": written}
        return {**found, "pid": self.process.pid}

    def stop(self) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.write(b"stop\n")
            self.process.stdin.flush()


class Driver:
    def __init__(self) -> None:
        self.actors: dict[str, Any] = {}
        self.asked: dict[str, Any] = {}  # the pending answer, by replica
        self.seen: dict[str, int] = {}
        self.known: dict[str, dict[str, Any]] = {}
        self.cpus: dict[str, float] = {}
        self.kind = ray.remote(Replica)
        self.packed: dict[str, list[Any]] = {}  # pieces of a model's archive, by its folder

    def start(
        self, replica: str, model: str, scorer: str, flags: list[str], token: str, cpus: float, env: Any
    ) -> dict[str, Any]:
        files = {path.name: path.read_text("utf-8") for path in Path(scorer).glob("*.py")}
        if model not in self.packed:
            self.packed[model] = pack(model)
        options: dict[str, Any] = {"num_cpus": cpus, "max_concurrency": 4, "max_restarts": 0}
        if env:
            options["runtime_env"] = env
        actor = self.kind.options(**options).remote(files, self.packed[model], flags, token)
        self.actors[replica] = actor
        self.cpus[replica] = cpus
        self.seen[replica] = 0
        self.asked[replica] = actor.status.remote(0)
        return {}

    def observe(self, replica: str) -> dict[str, Any]:
        if replica not in self.actors:
            return {"is_alive": False, "reason": "The process that controlled the Ray cluster has ended."}
        asked = self.asked[replica]
        ready, _ = ray.wait([asked], timeout=WAIT_S)
        if not ready:
            return {"is_alive": True, **self.known.get(replica, {"waits": self.waits(replica)}), "lines": []}
        try:
            found = ray.get(asked)
        except Exception as fault:  # noqa: BLE001  # Ray raises many kinds; each is reported to the server
            return {"is_alive": False, "reason": message_of(fault)}
        self.seen[replica] = found["written"]
        self.asked[replica] = self.actors[replica].status.remote(found["written"])
        lines = found.pop("lines")
        if found["code"] is not None:
            return {"is_alive": False, "reason": f"The process ended with exit code {found['code']}.", "lines": lines}
        self.known[replica] = found
        return {"is_alive": True, **found, "lines": lines}

    def waits(self, replica: str) -> str:
        """Return why a replica that does not answer yet is not placed; empty while its node prepares it."""
        free = ray.available_resources().get("CPU", 0.0)
        if free < self.cpus[replica]:
            return f"The Ray cluster has {free:g} free CPUs, and a replica needs {self.cpus[replica]:g}."
        return ""

    def stop(self, replica: str) -> dict[str, Any]:
        if replica in self.actors:
            self.actors[replica].stop.remote()
        return {}

    def forget(self, replica: str) -> dict[str, Any]:
        actor = self.actors.pop(replica, None)
        for each in (self.asked, self.seen, self.known, self.cpus):
            each.pop(replica, None)
        if not self.actors:
            self.packed.clear()  # Ray drops objects without references
        if actor is not None:
            ray.kill(actor)
        return {}


def pack(folder: str) -> list[Any]:
    """Put the archive of a folder into Ray's object store, in pieces."""
    pieces: list[Any] = []
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            archive.add(folder, arcname=".")
        file.seek(0)
        while True:
            piece = file.read(PIECE_BYTES)
            if not piece:
                return pieces
            pieces.append(ray.put(piece))


def message_of(fault: BaseException) -> str:
    lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
    said = f"{type(fault).__name__}: {lines[-1] if lines else 'no message'}"[:1000]
    causes: list[str] = []
    cause: BaseException | None = fault
    while cause is not None and len(causes) < MOST_CAUSES:
        causes.append(str(cause))
        cause = cause.__cause__ or cause.__context__
    if any("InvalidAuthToken" in each for each in causes):
        said += ". Start the server with the cluster's token: RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH."
    return said


def main() -> None:
    # Output of libraries (Ray prints) goes to standard error: standard output has only answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    address = sys.argv[1]
    try:
        ray.init(address=address, namespace=NAMESPACE, log_to_driver=False, logging_level="ERROR")
    except Exception as fault:  # noqa: BLE001  # Ray raises many kinds; each is reported to the server
        answers.write(json.dumps({"fault": message_of(fault)}) + "\n")
        answers.flush()
        sys.exit(1)
    answers.write(json.dumps({"ready": True}) + "\n")
    answers.flush()
    driver = Driver()
    for line in sys.stdin:
        request = json.loads(line)
        call = getattr(driver, request.pop("do"))
        try:
            answer = call(**request)
        except Exception as fault:  # noqa: BLE001  # Ray raises many kinds; each is reported to the server
            answer = {"fault": message_of(fault)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    ray.shutdown()


if __name__ == "__main__":
    main()
