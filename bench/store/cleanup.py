"""Measure clean-up in a store with many runs and files: the preview and the deletion of an experiment, a search for orphans, an
archive of the workspace, and the deletion of a workspace.

    python bench/store/cleanup.py [--runs 100000] [--files 10000] [--size 20000] [--data FOLDER] [--only STEPS]

STEPS are some of preview, orphans, archive, workspace, delete, with commas.  A server runs on a copy of the store.  Prints wall
seconds and CPU seconds of the server and the command together, and the duration of the slowest concurrent call. `--data` keeps
the filled store for the next run with the same folder.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[0] = str(ROOT / "tests")  # remove this folder, whose modules have the names of libraries

from support.client import Unanswered  # found by the path above
from support.processes.servers import TRACKSIDE, Server, environment  # as above
from support.stores.many_runs import fill  # as above

STEPS = ("preview", "orphans", "archive", "workspace", "delete")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", default=",".join(STEPS))
    words = parser.parse_args()
    wanted = words.only.split(",")
    if strange := set(wanted) - set(STEPS):
        parser.error(f"--only has {min(strange)!r}; it takes {', '.join(STEPS)}")
    if words.data is not None and not words.data.exists():
        _fill(words.data, words.runs, words.files, words.size)
        return
    with tempfile.TemporaryDirectory(prefix="cleanup-") as folder:
        data = Path(folder) / "data"
        if words.data is None:
            _fill(data, words.runs, words.files, words.size)
        else:
            shutil.copytree(words.data, data)
        print(f"{words.runs} runs, {words.files} files of {words.size} bytes", flush=True)
        _measure(Path(folder), data, wanted)


def _fill(data: Path, runs: int, files: int, size: int) -> None:
    fill(data, "churn", runs)
    for number in range(files):  # folders of deleted runs
        path = data / "artifacts" / "1" / f"{number % 1000:032x}" / "artifacts" / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(8) * (size // 8))
        os.utime(path, (1_000_000_000, 1_000_000_000))


def _measure(folder: Path, data: Path, wanted: list[str]) -> None:
    server = Server(data).start()
    kept = folder / "kept"
    try:
        if "preview" in wanted:
            _run(server, "preview of the experiment", "delete", "experiment", "churn", "--preview")
        if "orphans" in wanted:
            _run(server, "search for orphans", "orphans", "find", "--json")
            _run(server, "move to the quarantine", "orphans", "quarantine", "--yes", "--json")
            _run(server, "purge of the quarantine", "orphans", "purge", "--older-than", "0", "--yes", "--json")
        if {"archive", "workspace"} & set(wanted):
            _run(server, "archive of the workspace", "backup", "export", "default", "--data", data, "--to", kept)
            _run(server, "import of the archive", "backup", "import", "--data", data, kept, "--as", "copy")
        if "workspace" in wanted:
            _run(server, "deletion of that workspace", "delete", "workspace", "copy", "--yes")
        if "delete" in wanted:
            _run(server, "deletion of the experiment", "delete", "experiment", "churn", "--yes")
    finally:
        server.stop()


def _run(server: Server, title: str, *words: object) -> None:
    ended = threading.Event()
    slowest = [0.0]
    thread = threading.Thread(target=_log, args=(server, ended, slowest))
    thread.start()
    before, cpu_before = resource.getrusage(resource.RUSAGE_CHILDREN), _cpu_s(server)
    began = time.perf_counter()
    done = subprocess.run(
        [*TRACKSIDE, *map(str, words)],
        env={**environment(), "TRACKSIDE_URL": server.url},
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - began
    ended.set()
    thread.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{title}: {done.stderr or done.stdout}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime + _cpu_s(server) - cpu_before
    print(
        f"{title:30} {took:8.1f} s {cpu:8.1f} s of CPU  slowest call meanwhile {slowest[0] * 1000:7.0f} ms", flush=True
    )


def _log(server: Server, ended: threading.Event, slowest: list[float]) -> None:
    """Log a metric repeatedly, and record the slowest call."""
    api = server.api
    run_id = api.new_run()
    step = 0
    while not ended.is_set():
        began = time.perf_counter()
        try:
            api.post("runs/log-metric", run_id=run_id, key="loss", value=1.0, timestamp=step, step=step)
        except Unanswered:
            return
        slowest[0] = max(slowest[0], time.perf_counter() - began)
        step += 1
        ended.wait(0.02)


def _cpu_s(server: Server) -> float:
    fields = Path(f"/proc/{_pid(server)}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pid(server: Server) -> int:
    assert server.process is not None
    return server.process.pid


if __name__ == "__main__":
    main()
