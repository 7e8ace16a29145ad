"""Measure the cost of access control: log-metric and a search, with and without users, compared with mlflow's basic-auth.

    python bench/calls/access.py --bench ../shared/bench [--lab DIR] [--rounds 5] [--seconds 1.5] [--connections 16]
        [--experiments 10000] [--readable 100]

One server has no users, the other one an administrator and a user with a token.  The servers alternate within a round, in reverse
order every second round.  A figure is the median of the rounds, and `best` the best round, which a busy machine affects least.
CPU is the CPU time of the server per call.  The search asks for one page of 100 experiments; the signed-in caller may read
`--readable` of `--experiments`.  With --lab, a folder with an environment of mlflow[auth] such as $LAB/mlf, log-metric is also
measured on that mlflow with and without --app-name basic-auth.
"""

import argparse
import base64
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PASSWORD = "wooden-kettle-41"
OURS = "/api/trackside/v1"


@dataclass
class Server:
    name: str
    port: int
    process: "subprocess.Popen[bytes]"
    authorization: str = ""
    run_id: str = ""
    figures: dict[str, list[tuple[float, float]]] = field(
        default_factory=dict
    )  # by call: calls a second, CPU s of 1,000

    def cpu(self) -> float:
        """Return the CPU seconds of the process and its children, to the nanosecond: a tick of /proc/PID/stat lasts 50 calls."""
        group = os.getpgid(self.process.pid)
        total = 0.0
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                pid = int(entry.name)
                try:
                    if os.getpgid(pid) == group:
                        total += time.clock_gettime(
                            (~pid << 3) | 2
                        )  # the clock of another process (clock_getcpuclockid)
                except OSError:
                    continue
        return total


class Caller:
    """Calls one server by raw requests of the load generator."""

    def __init__(self, bench: Any, server: Server, authorization: str) -> None:
        self._bench, self._server, self._authorization = bench, server, authorization

    def raw(self, method: str, path: str, body: Any = None) -> bytes:
        data = b"" if body is None else self._bench.json.dumps(body).encode()
        whole: bytes = self._bench.build(method, path, data, self._server.port)
        head, _, rest = whole.partition(b"\r\n\r\n")
        shown = f"\r\nAuthorization: {self._authorization}".encode() if self._authorization else b""
        return head + shown + b"\r\n\r\n" + rest

    def call(self, method: str, path: str, body: Any = None) -> Any:
        with self._bench.loadgen.connect(self._server.port) as connection:
            connection.sendall(self.raw(method, path, body))
            status, _, answer, _ = self._bench.loadgen.read_response(connection)
        if status >= 300:
            raise SystemExit(f"{self._server.name}: {method} {path} answered {status}: {bytes(answer)[:300]!r}")
        return self._bench.json.loads(bytes(answer) or b"{}")


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()


def start(bench: Any, name: str, command: list[str], folder: Path, **variables: str) -> Server:
    folder.mkdir()
    port = bench.free_port()
    words = [word.format(port=port, dir=folder) for word in command]
    env = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1",
           "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **variables}  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True)
    server = Server(name, port, process)
    for _ in range(2000):
        try:
            with bench.loadgen.connect(port, 5) as connection:
                connection.sendall(bench.build("GET", "/health", b"", port))
                bench.loadgen.read_response(connection)
                return server
        except OSError:
            if process.poll() is not None:
                break
            bench.time.sleep(0.1)  # a starting server sends no signal
    os.killpg(process.pid, 9)
    raise SystemExit(f"{name} did not start:\n{(folder / 'log').read_text()[-2000:]}")


def sign_in(bench: Any, server: Server, readable: int) -> None:
    """Create a user who may read and write some experiments, and return a token."""
    admin = Caller(bench, server, basic("admin"))
    admin.call("POST", f"{OURS}/users", {"name": "bo", "password": PASSWORD})
    for number in range(1, readable + 1):
        scope = f"/ws/default/experiments/{number}"
        admin.call("POST", f"{OURS}/role-assignments", {"principal": "bo", "role": "MLflow EDIT", "scope": scope})
    token = admin.call("POST", f"{OURS}/users/bo/tokens", {"token_name": "bench"})["secret"]
    server.authorization = f"Bearer {token}"


def fill(bench: Any, server: Server, experiments: int, authorization: str) -> None:
    """Create experiments, and a run in the first one."""
    caller = Caller(bench, server, authorization)
    numbers = iter(range(experiments))

    def make() -> bytes | None:
        number = next(numbers, None)
        return (
            None if number is None else caller.raw("POST", "/api/2.0/mlflow/experiments/create", {"name": f"e{number}"})
        )

    bench.loadgen.run(server.port, [make] * 8, 600)
    run = caller.call("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "1", "start_time": 1})["run"]
    server.run_id = run["info"]["run_id"]


def measure(bench: Any, server: Server, call: str, make: Callable[[], bytes], connections: int, seconds: float) -> None:
    before = server.cpu()
    result = bench.loadgen.run(server.port, [make] * connections, seconds)
    used = server.cpu() - before
    if result.errors:
        raise SystemExit(f"{server.name}: {result.errors} calls of {call} failed: {result.first_error!r}")
    count = len(result.lat)
    server.figures.setdefault(call, []).append((count / result.secs, 1000 * used / count))


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--bench", type=Path, default=ROOT.parent / "shared" / "bench")
    words.add_argument("--lab", type=Path)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--seconds", type=float, default=1.5)
    words.add_argument("--connections", type=int, default=16)
    words.add_argument("--experiments", type=int, default=10_000)
    words.add_argument("--readable", type=int, default=100)
    options = words.parse_args()
    sys.path.insert(0, str(options.bench))
    import bench  # noqa: PLC0415  # its folder is an argument

    work = Path(tempfile.mkdtemp(prefix="access-"))
    ours = [sys.executable, "-m", "trackside.cli.main", "server", "--port", "{port}", "--data", "{dir}/data"]
    servers: list[Server] = []
    try:
        plain = start(bench, "open", ours, work / "open")
        signed = start(bench, "signed in", [*ours, "--default-role", "none"], work / "signed",
                       TRACKSIDE_ADMIN_PASSWORD=PASSWORD)  # fmt: skip
        servers += [plain, signed]
        for server, authorization in ((plain, ""), (signed, basic("admin"))):
            fill(bench, server, options.experiments, authorization)
        sign_in(bench, signed, options.readable)
        if options.lab:
            stock = [str(options.lab / "bin" / "mlflow"), "server", "--port", "{port}", "--workers", "1",
                     "--backend-store-uri", "sqlite:///{dir}/mlflow.db"]  # fmt: skip
            servers.append(start(bench, "mlflow", stock, work / "mlflow"))
            servers.append(
                start(bench, "mlflow basic-auth", [*stock, "--app-name", "basic-auth"], work / "auth",
                      MLFLOW_FLASK_SERVER_SECRET_KEY="x" * 32, MLFLOW_AUTH_ADMIN_USERNAME="admin",
                      MLFLOW_AUTH_ADMIN_PASSWORD=PASSWORD)
            )  # fmt: skip
            servers[-1].authorization = basic("admin")
            for server in servers[2:]:
                fill(bench, server, 1, server.authorization)
        for number in range(options.rounds):
            turn = servers if number % 2 == 0 else servers[::-1]
            for server in turn:
                caller = Caller(bench, server, server.authorization)
                metric = {"run_id": server.run_id, "key": "m", "value": 1.0, "timestamp": 1, "step": 1}
                log = caller.raw("POST", "/api/2.0/mlflow/runs/log-metric", metric)
                measure(bench, server, "log-metric", lambda log=log: log, options.connections, options.seconds)
            for server in (each for each in turn if each in servers[:2]):
                caller = Caller(bench, server, server.authorization)
                search = caller.raw("POST", "/api/2.0/mlflow/experiments/search", {"max_results": 100})
                measure(bench, server, "experiments/search", lambda search=search: search, 1, options.seconds)
    finally:
        for server in servers:
            os.killpg(server.process.pid, 15)
            server.process.wait()
        shutil.rmtree(work, ignore_errors=True)
    print("| call | server | calls/s | best | ms of CPU a call | best |\n|---|---|---|---|---|---|")
    for call in ("log-metric", "experiments/search"):
        for server in servers:
            if call in server.figures:
                rates, cpus = zip(*server.figures[call], strict=True)
                shown = f"{statistics.median(rates):.0f} | {max(rates):.0f} | {statistics.median(cpus):.4f} | {min(cpus):.4f}"
                print(f"| {call} | {server.name} | {shown} |")
        ratios = [(ours[0] / theirs[0], ours[1] - theirs[1])
                  for ours, theirs in zip(signed.figures[call], plain.figures[call], strict=True)]  # fmt: skip
        rate, cpu = (statistics.median(each) for each in zip(*ratios, strict=True))
        ours, theirs = signed.figures[call], plain.figures[call]
        best = max(each[0] for each in ours) / max(each[0] for each in theirs)
        least = min(each[1] for each in ours) - min(each[1] for each in theirs)
        print(f"| {call} | signed in against open | {rate:.3f} x | {best:.3f} x | {cpu:+.4f} | {least:+.4f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
