"""Profile group commits on PostgreSQL: the number of requests per commit, and the time of the writer by phase.

    python bench/postgres/groups.py postgresql://postgres@127.0.0.1:55432/an_empty_database --bench ../shared/bench

For each call and number of connections: calls per group; the duration of a group from the writer that takes it to the answer of
its COMMIT; within it, the time in which the writer waits for PostgreSQL (in the first round trip, and in the second one with the
commit) and its CPU time; the time in which a writer waits for the next group; and the use of one core by the server's process, in
which Python runs one thread at a time.  The server runs in a process of this script, which wraps the timed functions at a cost of
a few percent.
`--only` names calls.
"""

import argparse
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import cpu

SECONDS = 2.0
READY_S = 60.0
COLUMNS = (
    "call | connections | calls/s | calls a group | a group, ms | waits for reads | waits for commit | own processor time"
    " | gathers, ms | server, of one core"
)
Event = tuple[str, int, float, float, float, int]  # what, thread, begin, seconds, processor seconds, calls


def main() -> None:
    if sys.argv[1:2] == ["--serve"]:
        serve(Path(sys.argv[2]), sys.argv[3:])
        return
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("store")
    words.add_argument("--bench", type=Path, default=cpu.ROOT.parent / "shared" / "bench")
    words.add_argument("--only", default="", help="names of calls, separated by commas")
    options = words.parse_args()
    only = set(filter(None, options.only.split(",")))
    sys.path.insert(0, str(options.bench))
    loadgen = import_module("loadgen")
    print(f"| {COLUMNS} |\n|{'---|' * len(COLUMNS.split('|'))}", flush=True)
    with tempfile.TemporaryDirectory() as data:
        told = Path(data) / "events.json"
        command = [sys.executable, __file__, "--serve", str(told), "server", "--port", str(cpu.PORT), "--data", data]
        server = subprocess.Popen([*command, "--store", options.store], stdout=subprocess.DEVNULL)
        try:
            until_ready(server)
            for call, makers, several in cpu.CALLS:
                if not only or call in only:
                    for connections in (1, several):
                        print(measured(loadgen, server, told, call, makers(loadgen, connections)), flush=True)
        finally:
            server.terminate()
            server.wait()


def until_ready(server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + READY_S
    while True:
        with suppress(OSError):
            cpu.post("experiments/search", {"max_results": 1})
            return
        if time.monotonic() > until or server.poll() is not None:
            raise SystemExit("the server does not answer")
        time.sleep(0.05)


def measured(loadgen: Any, server: "subprocess.Popen[bytes]", told: Path, name: str, makers: list[cpu.Make]) -> str:
    loadgen.run(cpu.PORT, makers, 0.5)
    events_of(server, told)
    busy, begun = cpu.busy(server.pid), time.monotonic()
    done = loadgen.run(cpu.PORT, makers, SECONDS)
    cores = (cpu.busy(server.pid) - busy) / (time.monotonic() - begun)
    events = events_of(server, told)
    groups = [event for event in events if event[0] == "group"]
    figures = [
        name,
        str(len(makers)),
        f"{len(done.lat) / done.secs:,.0f}",
        f"{mean([event[5] for event in groups]):.1f}",
        f"{1000 * mean([event[3] for event in groups]):.2f}",
        f"{1000 * waits(events, 'reads'):.2f}",
        f"{1000 * waits(events, 'commit'):.2f}",
        f"{1000 * mean([event[4] for event in groups]):.2f}",
        f"{1000 * mean(pauses(groups)):.2f}",
        f"{cores:.0%}",
    ]
    return f"| {' | '.join(figures)} |"


def mean(values: list[float]) -> float:
    return statistics.mean(values) if values else 0.0


def waits(events: list[Event], phase: str) -> float:
    """Return the time in which a writer waits for PostgreSQL in a phase of a group."""
    total = sum(event[3] for event in events if event[0] == phase)
    return total / max(1, sum(event[0] == "group" for event in events))


def pauses(groups: list[Event]) -> list[float]:
    """Return the times between two groups of a writer."""
    found = []
    for thread in {event[1] for event in groups}:
        own = sorted((event for event in groups if event[1] == thread), key=lambda event: event[2])
        found += [after[2] - before[2] - before[3] for before, after in pairwise(own)]
    return found


def events_of(server: "subprocess.Popen[bytes]", told: Path) -> list[Event]:
    """Return the events since the last call."""
    told.unlink(missing_ok=True)
    server.send_signal(signal.SIGUSR2)
    while not told.exists():
        time.sleep(0.02)
    return [tuple(event) for event in json.loads(told.read_text())]


def serve(told: Path, arguments: list[str]) -> None:
    """Run the server, and write its events to `told` at SIGUSR2."""
    from trackside.cli import main as cli  # noqa: PLC0415  # only in the server's process
    from trackside.core.db.commit import Committer  # noqa: PLC0415
    from trackside.core.db.pg.wire import Wire  # noqa: PLC0415
    from trackside.core.db.postgres import PostgresWriter  # noqa: PLC0415

    events: list[Event] = []
    phases: dict[int, str] = {}
    time_it(Committer, "commit", events, lambda _: "group", lambda args: len(args[1]))
    time_it(Wire, "_receive", events, lambda _: phases.get(threading.get_ident(), "reads"), lambda _: 0)
    committing = PostgresWriter.commit

    def commit(self: PostgresWriter) -> None:
        thread = threading.get_ident()
        phases[thread] = "commit"
        try:
            committing(self)
        finally:
            phases[thread] = "reads"

    def tell(*_: object) -> None:
        writers = {each.ident for each in threading.enumerate() if each.name == "trackside-batch-writer"}
        found = [event for event in events if event[1] in writers]
        events.clear()
        part = told.with_suffix(".part")
        part.write_text(json.dumps(found))
        part.rename(told)

    PostgresWriter.commit = commit  # type: ignore[method-assign]  # this process only measures
    signal.signal(signal.SIGUSR2, tell)
    sys.argv = ["trackside", *arguments]
    sys.exit(cli.main())


def time_it(
    owner: type, name: str, events: list[Event], what: Callable[[Any], str], calls: Callable[[Any], int]
) -> None:
    work = getattr(owner, name)

    def timed(*args: Any, **more: Any) -> Any:
        begun, processor = time.perf_counter(), time.thread_time()
        try:
            return work(*args, **more)
        finally:
            took = time.perf_counter() - begun, time.thread_time() - processor
            events.append((what(args), threading.get_ident(), begun, *took, calls(args)))

    setattr(owner, name, timed)


if __name__ == "__main__":
    main()
