"""The job of a monitor: determines the windows, runs the child process that computes them, and stores the results.

Each window replaces its stored result, in one transaction with its incidents.  A job that was killed runs again and skips the
windows that it has stored.
"""

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

import trackside
from trackside.core import disk
from trackside.core.access import Action
from trackside.core.counts import counted
from trackside.core.db.tx import Change, Tx
from trackside.core.errors import Invalid, Unsupported
from trackside.drift.monitors import exchange, store, windows
from trackside.drift.monitors.exchange import Answer, Order
from trackside.drift.monitors.incidents import store as incident_store
from trackside.drift.monitors.labels import store as labels
from trackside.drift.monitors.model import MAX_WINDOWS, Config, Monitor
from trackside.drift.monitors.places import Places
from trackside.drift.monitors.windows import Window
from trackside.endpoints import store as endpoints
from trackside.jobs import queue
from trackside.jobs.executors.port import Command
from trackside.jobs.kinds import Kind
from trackside.jobs.model import Job
from trackside.jobs.running import Running

MOST_NAMED = 200  # files that the sandbox gets one by one
AT_ONCE = 8  # windows of one child process
MOST_MISSED = 31  # windows that are computed after an interruption
CHILD = "trackside.drift.monitors.child"


class Check(Struct, frozen=True, kw_only=True):
    """`start` and `end`: a backfill.  `is_now`: also the current window so far.  `is_again`: judge stored windows by their
    sums."""

    monitor: str
    start: int = 0
    end: int = 0
    is_now: bool = False
    is_again: bool = False


class Checked(Struct, frozen=True, kw_only=True):
    monitor: str
    windows: int
    rows: int
    drifted: list[str]
    note: str = ""


class Checks:
    def __init__(self, places: Places, python: str = sys.executable) -> None:
        self.places = places
        self._python = python

    def kind(self) -> Kind[Check]:
        return Kind(
            name="drift",
            title="Compare with a baseline",
            params=Check,
            run=self.run,
            describe=lambda params: f"Monitor {params.monitor}",
            needs=(Action.MONITORS_WRITE,),
            is_open=False,
        )

    def run(self, running: Running, params: Check) -> Checked:
        monitor = running.store.read(lambda tx: store.get(tx, params.monitor))
        wanted = running.store.read(lambda tx: _wanted(tx, monitor, params))
        key = baseline_key(monitor.config)
        done = running.store.read(lambda tx: _done(tx, monitor, wanted, running.job.job_id))
        rows, drifted, note = 0, dict[str, None](), monitor.note
        files = None
        for at in range(0, len(wanted), AT_ONCE):
            running.check()
            batch = [each for each in wanted[at : at + AT_ONCE] if each.start not in done]
            _report(running, at, len(wanted), batch, monitor.config)
            if not batch:
                continue
            if files is None:
                files = [] if params.is_again else self.places.target(running, monitor.config)
            monitor = running.store.read(lambda tx: store.get(tx, params.monitor))
            order = self._order(running, monitor, batch, key, is_again=params.is_again)
            answer = self._work(running, replace(order, files=files))
            running.store.write(lambda tx: _keep(tx, params.monitor, running.job.job_id, key, order, answer))  # noqa: B023
            rows += sum(each.rows for each in answer.windows if not each.slice)
            drifted |= dict.fromkeys(
                score.column or score.subject for each in answer.windows for score in each.scores if score.is_over
            )
            note = answer.note or note
        running.progress(len(wanted), len(wanted), unit="windows", message="")
        return Checked(monitor=monitor.name, windows=len(wanted), rows=rows, drifted=list(drifted), note=note)

    def _order(self, running: Running, monitor: Monitor, batch: Sequence[Window], key: str, *, is_again: bool) -> Order:
        config = monitor.config
        starts = [each.start for each in batch]

        def read(tx: Tx) -> Order:
            wanted = {windows.before(each, config.window, windows.zone(config.timezone)).start for each in batch}
            if config.baseline.is_past:
                wanted |= _past(tx, monitor, batch)
            wanted = wanted | set(starts) if is_again else wanted - set(starts)
            found = labels_of(tx, config, batch)
            baseline = [] if config.baseline.is_past else store.baselines(tx, monitor)
            return Order(
                config=config,
                windows=[] if is_again else [(each.start, each.end) for each in batch],
                judged=starts,
                known=store.known(tx, monitor, sorted(wanted)) if wanted else [],
                baseline=baseline if monitor.baseline_key == key else [],
                labels=found,
            )

        order = running.store.read(read)
        if order.baseline or config.baseline.is_past:
            return order
        return replace(order, baseline_files=self.places.baseline(running, config))

    def _work(self, running: Running, order: Order) -> Answer:
        folder = running.folder / "work"
        disk.make_folder(folder)
        (folder / exchange.ORDER).write_bytes(msgspec.msgpack.encode(order))
        result = folder / exchange.RESULT
        result.unlink(missing_ok=True)
        code = Path(trackside.__file__).parent
        running.run(
            Command(
                argv=[self._python, "-m", CHILD, str(folder)],
                folder=str(folder),
                readable=[
                    self._python,
                    str(code),
                    *_readable([*(each.path for each in order.files), *order.baseline_files]),
                ],
                environment={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )
        )
        return msgspec.msgpack.decode(result.read_bytes(), type=Answer)


def baseline_key(config: Config) -> str:
    """Return a key of the options that a baseline's sums depend on: sums with another key are computed again."""
    parts = (
        config.baseline, config.rules, config.columns, config.slices, config.prediction, config.score, config.label,
        config.task, config.magnitude, config.attribution, config.window,
    )  # fmt: skip
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()


def submit(tx: Tx, kind: Kind[Check], params: Check, *, principal_id: int | None = None) -> Job:
    """Queue a run of a monitor.  If a run of the same range is queued or running, return that one."""
    extent = "now" if params.is_now else "again" if params.is_again else f"{params.start}-{params.end}"
    return queue.submit(tx, kind, params, key=f"drift {params.monitor} {extent}", principal_id=principal_id)


def labels_of(tx: Tx, config: Config, batch: Sequence[Window]) -> list[tuple[str, int, str]]:
    if not config.target.endpoint:
        return []
    endpoint = endpoints.get(tx, config.target.endpoint)
    return labels.within(tx, endpoint, min(each.start for each in batch), max(each.end for each in batch))


def check_libraries() -> None:
    """Raise Unsupported if the server lacks the extra."""
    missing = [name for name in ("pyarrow", "scipy", "sklearn") if importlib.util.find_spec(name) is None]
    if missing:
        raise Unsupported(
            f"Monitors need {missing[0]}, which is not installed on the server: run `pip install 'trackside[drift]'` "
            "on its machine."
        )


def complete_until(config: Config, now: int) -> int:
    return now - config.latency_s * 1000


def _wanted(tx: Tx, monitor: Monitor, params: Check) -> list[Window]:
    """Return the windows to compute, in the order of time."""
    config = monitor.config
    timezone = windows.zone(config.timezone)
    if params.is_again:
        stored = store.windows(tx, monitor, "", 0, 1 << 62, 1 << 31)
        return [Window(each.start, each.end) for each in stored]
    if params.start:
        found = list(_some(windows.within(params.start, min(params.end or tx.now, tx.now), config.window, timezone)))
        if not found:
            raise Invalid("start is in the future: there are no windows to compute.")
        return found
    last = windows.last_complete(tx.now, config.latency_s * 1000, config.window, timezone)
    newest = [each for each in store.windows(tx, monitor, "", 0, 1 << 62, 1000) if each.is_complete]
    begin = newest[-1].end if newest and newest[-1].end <= last.start else last.start
    due = list(windows.within(begin, last.end, config.window, timezone))[-MOST_MISSED:]
    again = [windows.at(start, config.window, timezone) for start in store.again(tx, monitor) if start <= tx.now]
    known = {each.start for each in newest}
    chosen = {*again, *(each for each in due if each.start not in known)}
    if params.is_now:
        chosen |= set(windows.within(last.end, tx.now + 1, config.window, timezone))
    return sorted(chosen)


def _some(found: Iterable[Window]) -> Iterable[Window]:
    for number, each in enumerate(found):
        if number == MAX_WINDOWS:
            raise Invalid(f"The times span more than {MAX_WINDOWS} windows; back-fill them in several runs.")
        yield each


def _done(tx: Tx, monitor: Monitor, wanted: Sequence[Window], job_id: str) -> set[int]:
    """Return the windows that this job stored before it was killed."""
    if not wanted:
        return set()
    stored = store.windows(tx, monitor, "", wanted[0].start, wanted[-1].end, 1 << 31)
    return {each.start for each in stored if each.job_id == job_id}


def _past(tx: Tx, monitor: Monitor, batch: Sequence[Window]) -> set[int]:
    """Return the stored windows that a baseline of past windows needs."""
    wanted = monitor.config.baseline
    if wanted.past_windows:
        found = store.windows(tx, monitor, "", 0, batch[-1].start, wanted.past_windows + len(batch) + 2)
    else:
        found = store.windows(tx, monitor, "", wanted.since, wanted.until, 1000)
    return {each.start for each in found}


def _keep(tx: Tx, name: str, job_id: str, key: str, order: Order, answer: Answer) -> None:
    monitor = store.lock(tx, name)
    if baseline_key(monitor.config) != key:
        raise Invalid("The monitor was changed while the job ran; run it again.")
    if answer.baseline:
        store.put_baselines(tx, monitor, key, answer.baseline)
    if not answer.windows:
        return
    store.drop_future(tx, monitor)
    store.put_windows(tx, monitor, answer.windows, job_id, complete_until(monitor.config, tx.now))
    for start, _ in order.windows:
        store.drop_slices(tx, monitor, start, [each.slice for each in answer.windows if each.start == start])
    for slice_ in sorted({each.slice for each in answer.windows}):
        first = min(each.start for each in answer.windows if each.slice == slice_)
        incident_store.synchronize(tx, monitor, slice_, first)
    store.put_note(tx, monitor, answer.note)
    tx.record(Change(store.ENTITY, monitor.name, "windows"))


def _readable(paths: Sequence[str]) -> list[str]:
    """Return the files, or their folder if they are many: the number of the sandbox's arguments is limited."""
    return [os.path.commonpath(paths)] if len(paths) > MOST_NAMED else list(paths)


def _report(running: Running, done: int, total: int, batch: Sequence[Window], config: Config) -> None:
    """Report the progress before the windows of a batch are computed."""
    if not batch:
        running.progress(done, total, unit="windows", message="")
        return
    moment = datetime.fromtimestamp(batch[0].start / 1000, UTC).astimezone(windows.zone(config.timezone))
    start = f"{moment:%Y-%m-%d %H:%M %Z}"
    running.progress(
        done,
        total,
        unit="windows",
        message=f"Computing {counted(len(batch), 'windows')} from {start}.",
        key="windows",
        values={"count": str(len(batch)), "start": start},
    )
