"""Measure links: the back-fill between two servers in points per second, an outage of an hour, and the overhead for logging.

    python bench/links/links.py                    # back-fill and overhead, about two minutes
    python bench/links/links.py backfill           # back-fill alone, three times
    python bench/links/links.py outage             # 20,000 runs with 1,000,000 points while the other side is down; some minutes
    python bench/links/links.py latency            # from a logged point to its arrival on the other Trackside; two minutes
    python bench/links/links.py idle               # the cost of 20 idle links: three and a half minutes

Each server is a separate process on a new SQLite store.  All run on this machine, so the remote server uses a share of the
processors.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

RUNS, KEYS, POINTS = 20, 10, 5000
CONNECTIONS, SECONDS, ROUNDS = 4, 5.0, 4


class Server:
    def __init__(self, data: Path, *options: str, port: int = 0) -> None:
        command = [
            *(sys.executable, "-m", "trackside.cli.main", "server", "--port", str(port), "--data", str(data)),
            *options,
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().split("http://127.0.0.1:")[1].split()[0].split("/")[0])
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port)

    def call(self, method: str, path: str, body: object = None) -> dict:
        path = path if path.startswith("/") else f"/api/2.0/mlflow/{path}"
        raw = json.dumps(body).encode() if body is not None else None
        self.connection.request(method, path, raw, {"content-type": "application/json"})
        answer = self.connection.getresponse()
        read = answer.read()
        assert answer.status < 300, read
        return json.loads(read or b"{}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def tell_backfill(folder: Path) -> None:
    rate, cpu = backfill(folder)
    size = f"{RUNS} runs x {KEYS} metrics x {POINTS} points"
    print(f"back-fill: {rate:,.0f} points/s, {cpu:.1f} s of CPU on both servers ({size})", flush=True)


def backfill(folder: Path) -> tuple[float, float]:
    """Points a second from the moment of linking until nothing is left, and what CPU both servers took for it."""
    near, far = Server(folder / "a"), Server(folder / "b")
    try:
        for number in range(RUNS):
            run = near.call("POST", "runs/create", {"experiment_id": "0", "start_time": number})["run"]["info"][
                "run_id"
            ]
            for key in range(KEYS):
                for start in range(0, POINTS, 1000):
                    metrics = [
                        {"key": f"m{key}", "value": i / 3, "timestamp": i, "step": i}
                        for i in range(start, start + 1000)
                    ]
                    near.call("POST", "runs/log-batch", {"run_id": run, "metrics": metrics})
        began, used = time.monotonic(), cpu_s(near.process) + cpu_s(far.process)
        near.call("POST", "/api/trackside/v1/links", {"name": "l", "to": f"http://127.0.0.1:{far.port}"})
        while (link := near.call("GET", "/api/trackside/v1/links/l")["link"])["lag_items"]:
            time.sleep(0.05)
        took = time.monotonic() - began
        assert link["sent_points"] == RUNS * KEYS * POINTS
        return link["sent_points"] / took, cpu_s(near.process) + cpu_s(far.process) - used
    finally:
        near.stop()
        far.stop()


def cpu_s(process: "subprocess.Popen[str]") -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def hot(folder: Path, *, linked: bool, durability: str) -> tuple[float, float]:
    """Calls of log-metric a second by some connections, with or without a link to another server; and how many ms of the
    near server's CPU a call takes, which other processes on the machine change less."""
    near, far = Server(folder / "a", "--durability", durability), Server(folder / "b", "--durability", durability)
    try:
        if linked:
            near.call("POST", "/api/trackside/v1/links", {"name": "l", "to": f"http://127.0.0.1:{far.port}"})
            time.sleep(1.5)
        runs = [
            near.call("POST", "runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
            for _ in range(CONNECTIONS)
        ]
        counts = [0] * CONNECTIONS
        before = cpu_s(near.process)
        end = time.monotonic() + SECONDS

        def work(number: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", near.port)
            while time.monotonic() < end:
                step = counts[number]
                body = json.dumps({"run_id": runs[number], "key": "m", "value": step, "timestamp": step, "step": step})
                connection.request(
                    "POST", "/api/2.0/mlflow/runs/log-metric", body, {"content-type": "application/json"}
                )
                connection.getresponse().read()
                counts[number] += 1
            connection.close()

        threads = [threading.Thread(target=work, args=(i,)) for i in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts) / SECONDS, (cpu_s(near.process) - before) * 1000 / sum(counts)
    finally:
        near.stop()
        far.stop()


def latency(points: int = 200) -> None:
    """Print the time from the call that logs a point to the moment at which the other Trackside answers with it.

    One point at a time, with pauses of random length, so that no point meets the same moment of anybody's timer."""
    for mode in ("push", "pull"):
        with tempfile.TemporaryDirectory() as name:
            near, far = Server(Path(name) / "a"), Server(Path(name) / "b")
            source, copy = (near, far) if mode == "push" else (far, near)
            try:
                link = {"name": "l", "to": f"http://127.0.0.1:{far.port}", "mode": mode}
                near.call("POST", "/api/trackside/v1/links", link)
                run = source.call("POST", "runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
                wait_for(copy, run, None)
                took = []
                for step in range(points):
                    time.sleep(random.uniform(0.1, 0.4))
                    point = {"run_id": run, "key": "loss", "value": 0.5, "timestamp": step, "step": step}
                    began = time.perf_counter()
                    source.call("POST", "runs/log-metric", point)
                    wait_for(copy, run, step)
                    took.append((time.perf_counter() - began) * 1000)
                took.sort()
                print(
                    f"latency, {mode}: median {statistics.median(took):.0f} ms, 95 % within"
                    f" {took[int(0.95 * len(took))]:.0f} ms, at most {took[-1]:.0f} ms ({points} points)",
                    flush=True,
                )
            finally:
                near.stop()
                far.stop()


def wait_for(server: Server, run_id: str, step: int | None) -> None:
    """Wait until the server has the run, and its last point is of that step."""
    while True:
        with contextlib.suppress(AssertionError):  # the run does not exist yet
            metrics = server.call("GET", f"runs/get?run_id={run_id}")["run"]["data"].get("metrics", [])
            if step is None or (metrics and int(metrics[0]["step"]) == step):
                return
        time.sleep(0.002)


def idle(links: int = 20, seconds: float = 30.0) -> None:
    """Print the share of a core that idle links of a server use: its CPU time minus that of a server without links."""
    for mode in ("push", "pull", "both"):
        with tempfile.TemporaryDirectory() as name:
            bare, near, far = (Server(Path(name) / each) for each in "abc")
            try:
                for number in range(links):
                    far.call("POST", "/api/trackside/v1/workspaces", {"name": f"w{number}"})
                    to = f"http://127.0.0.1:{far.port}/ws/w{number}"
                    near.call("POST", "/api/trackside/v1/links", {"name": f"l{number}", "to": to, "mode": mode})
                time.sleep(seconds)  # a link polls less often while its remote is quiet
                servers = (bare, near, far)
                before = [cpu_s(each.process) for each in servers]
                time.sleep(seconds)
                without, here, there = (
                    100 * (cpu_s(each.process) - used) / seconds for each, used in zip(servers, before, strict=True)
                )
                print(
                    f"idle, {mode}: {links} links take {here - without:.2f} % of a core here and {there - without:.2f} %"
                    f" there (a server without links takes {without:.2f} %)",
                    flush=True,
                )
            finally:
                for each in (bare, near, far):
                    each.stop()


def memory_mb(server: Server) -> str:
    """Return the resident memory now, and the peak."""
    found = dict(
        line.split(":", 1)
        for line in Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
        if ":" in line
    )
    return " / ".join(f"{int(found[name].split()[0]) // 1024}" for name in ("VmRSS", "VmHWM"))


def write(server: Server, runs: int, points: int) -> None:
    metrics = [{"key": f"m{i % 5}", "value": i / 3, "timestamp": i, "step": i} for i in range(points)]
    for number in range(runs):
        run = server.call("POST", "runs/create", {"experiment_id": "0", "start_time": number + 1})
        body = {
            "run_id": run["run"]["info"]["run_id"],
            "metrics": metrics,
            "params": [{"key": "p", "value": str(number)}],
        }
        server.call("POST", "runs/log-batch", body)


def count(server: Server) -> int:
    total, token = 0, None
    while True:
        body = {"experiment_ids": ["0"], "max_results": 5000, **({"page_token": token} if token else {})}
        page = server.call("POST", "runs/search", body)
        total += len(page.get("runs", []))
        token = page.get("next_page_token")
        if not token:
            return total


def outage(runs: int = 20_000, points: int = 50) -> None:
    """Memory is printed as MB resident now / peak, of the server with the link."""
    options = ("--durability", "relaxed")
    for mode in ("none", "push", "pull"):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            near, far = Server(folder / "a", *options), Server(folder / "b", *options)
            far_port = far.port
            try:
                if mode != "none":
                    near.call(
                        "POST",
                        "/api/trackside/v1/links",
                        {"name": "l", "to": f"http://127.0.0.1:{far_port}", "mode": mode},
                    )
                if mode == "pull":
                    near.stop()
                    write(far, runs, points)
                    began = time.monotonic()
                    near = Server(folder / "a", *options)
                else:
                    far.process.kill()
                    far.process.wait()
                    before = memory_mb(near)
                    write(near, runs, points)
                    print(
                        f"{mode}: {before} before, {memory_mb(near)} after {runs} runs and {runs * points} points",
                        flush=True,
                    )
                    began = time.monotonic()
                    far = Server(folder / "b", *options, port=far_port)
                if mode == "none":
                    continue
                copy = near if mode == "pull" else far
                while True:
                    link = near.call("GET", "/api/trackside/v1/links/l")["link"]
                    if count(copy) == runs and not link["lag_items"] and not link.get("last_error"):
                        break
                    time.sleep(2)
                print(
                    f"{mode}: {memory_mb(near)} when all was mirrored, {time.monotonic() - began:.0f} s after the other side"
                    f" was there; {link['sent_points']} points sent",
                    flush=True,
                )
            finally:
                near.stop()
                far.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = {"backfill": backfills, "outage": outage, "latency": latency, "idle": idle}
    parser.add_argument("part", nargs="?", choices=parts, help="what to measure; without it back-fill and price")
    part = parser.parse_args().part
    if part is not None:
        parts[part]()
        return
    with tempfile.TemporaryDirectory() as folder:
        tell_backfill(Path(folder))
    price()


def backfills() -> None:
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            tell_backfill(Path(folder))


def price() -> None:
    for durability in ("full", "relaxed"):
        found: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
        for turn in range(ROUNDS):
            for linked in (False, True) if turn % 2 else (True, False):
                with tempfile.TemporaryDirectory() as folder:
                    found[linked].append(hot(Path(folder), linked=linked, durability=durability))
        rates = {linked: statistics.median(rate for rate, _ in each) for linked, each in found.items()}
        costs = {linked: statistics.median(cost for _, cost in each) for linked, each in found.items()}
        print(
            f"log-metric, {durability}: {rates[False]:,.0f} calls/s without, {rates[True]:,.0f} with a link "
            f"({rates[True] / rates[False] - 1:+.1%}); server CPU a call {costs[False]:.3f} and {costs[True]:.3f} ms "
            f"({costs[True] / costs[False] - 1:+.1%})",
            flush=True,
        )


if __name__ == "__main__":
    main()
