"""Sends items to the workspace, many parts in one call: an item's creation, points and files, its completion.

A rejected bundle is sent again part by part, so that only the faulty part is left out.
"""

import hashlib
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Executor, Future, wait
from functools import partial

from trackside.core.http_client.errors import RequestRejected
from trackside.imports.patience import again
from trackside.imports.places import sized
from trackside.imports.report import Report
from trackside.imports.source import Place, Source, Unreadable
from trackside.imports.target import Target
from trackside.imports.task import Task
from trackside.metrics.series import POINT, POINT_BYTES, canonical, unpack
from trackside.sync import document
from trackside.sync.api.bundles import Entry, SmallFile, entry_of, size_bytes
from trackside.sync.document import Patch
from trackside.sync.entities import LATE
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local.reader import IMPORT_TAG

MOST_ENTRIES = 50  # in a bundle
MOST_BYTES = 2 << 20
MOST_BYTES_OF_POINTS = 512 << 10  # bytes of points in a bundle: the server takes longer for them
SMALL_BYTES = 256 << 10  # a file up to this size is sent in a bundle
AHEAD = 8  # concurrent bundles of points
COMING = "not all of it has come yet"
MARK: Field = Field(FieldKind.TAG, IMPORT_TAG)
MAX_REASON = 4000  # characters in the tag

Part = tuple[Task, Entry]


class Sender:
    """`pool` are the threads that read files and send; all methods are called in one thread."""

    def __init__(self, source: Source, target: Target, report: Report, pool: Executor) -> None:
        self._source = source
        self._target = target
        self._report = report
        self._pool = pool
        self._lock = threading.Lock()

    def begin(self, tasks: Iterable[Task]) -> None:
        """Create the items, marked as incomplete if points or files follow; otherwise their completion has everything."""
        parts: list[Part] = []
        for task in tasks:
            if not (task.points or task.files or task.problems):
                continue
            early = {field: value for field, value in task.patch.put.items() if field.kind not in LATE}
            if early or task.held is None or task.held.unfinished != COMING:
                parts.append((task, _said(task, Patch({**early, MARK: COMING}))))
            task.is_begun = True
        self._send_all(parts)

    def points(self, tasks: Sequence[Task]) -> None:
        by_id = {task.id: task for task in tasks}
        on_their_way: list[Future[None]] = []
        for group in self._read_points(tasks):
            parts = [(by_id[id_], Entry(by_id[id_].entity, id_, series=series)) for id_, series in group.items()]
            on_their_way.append(self._pool.submit(self._send, parts))
            if len(on_their_way) >= AHEAD:
                on_their_way.pop(0).result()
        finish(on_their_way)

    def count_points(self, tasks: Sequence[Task], compared: Collection[str]) -> set[str]:
        """Read the points and count them in the report, without sending them.

        Return the runs among `compared` of which the target lacks points."""
        lacking: set[str] = set()
        held_place, held = ("", ""), frozenset[bytes]()
        for group in self._read_points(tasks):
            for run_id, series in group.items():
                for key, packed in series.items():
                    if run_id not in compared or run_id in lacking:
                        break
                    if held_place != (run_id, key):  # a long series is read in several parts
                        held_place, held = (run_id, key), self._points_held(run_id, key)
                    if not held.issuperset(_points(packed)):
                        lacking.add(run_id)
        return lacking

    def _points_held(self, run_id: str, key: str) -> frozenset[bytes]:
        return frozenset(point for _, piece in self._target.remote.points(run_id, key, 0) for point in _points(piece))

    def _read_points(self, tasks: Sequence[Task]) -> Iterator[dict[str, dict[str, bytes]]]:
        """Yield series by run, each dictionary for one call, and count their points in the report."""
        for group in _together(self._source.points([task.given for task in tasks])):
            self._report.points += sum(_size(series) for series in group.values()) // POINT_BYTES
            yield group

    def files(self, tasks: Sequence[Task]) -> Callable[[], None]:
        """Start to send the files of the items; return a function that waits until all are sent."""
        gathered = _Gathered()
        reading = [self._pool.submit(self._send_files, task, gathered) for task in tasks if task.files]

        def end() -> None:
            finish(reading)
            self._send(gathered.rest())

        return end

    def end(self, tasks: Iterable[Task]) -> None:
        parts: list[Part] = []
        for task in tasks:
            put = {f: value for f, value in task.patch.put.items() if not task.is_begun or f.kind in LATE}
            drop: list[Field] = []
            if task.problems:
                put[MARK] = "; ".join(task.problems)[:MAX_REASON]
            elif task.is_begun or (task.held is not None and task.held.unfinished):
                drop = [MARK]
            if put or drop:
                parts.append((task, _said(task, Patch({**put, **task.given.times}, drop))))
        self._send_all(parts)

    def _send_all(self, parts: Iterable[Part]) -> None:
        finish([self._pool.submit(self._send, group) for group in _bundled(parts)])

    def _send(self, parts: Sequence[Part]) -> None:
        if not parts:
            return
        try:
            self._target.bundle([entry for _, entry in parts])
        except (RequestRejected, UnicodeEncodeError):
            for task, entry in parts:
                self._send_alone(task, entry)
            return
        sent = [file for _, entry in parts for file in entry.files]
        self._count(len(sent), sum(len(file.body) for file in sent))

    def _send_alone(self, task: Task, entry: Entry) -> None:
        if entry.put or entry.drop:
            patch = Patch(document.of_rows(entry.put), entry.drop)
            try:
                self._target.remote.make(task.entity, task.id, task.experiment_id, patch)
            except RequestRejected as refused:
                task.problems.append(str(refused))
                task.is_dead = True
        if entry.series:
            try:
                self._target.remote.send_points(task.id, entry.series)
            except (RequestRejected, UnicodeEncodeError) as reason:
                keys = ", ".join(entry.series).encode(errors="backslashreplace").decode()
                task.problems.append(f"points of {keys}: {reason}"[:MAX_REASON])
        for file in entry.files:
            self._send_file(task, file.path, len(file.body), partial(_pieces, file.body))

    def _send_files(self, task: Task, gathered: "_Gathered") -> None:
        place = task.place
        assert place is not None
        for path, size in task.files.items():
            if size > SMALL_BYTES:
                self._send_file(task, path, size, partial(sized, place, path, size))
                continue
            try:
                body = again(partial(_whole, place, path, size))
            except (Unreadable, RequestRejected) as reason:
                task.problems.append(f"its file {path}: {reason}")
                continue
            file = SmallFile(path, hashlib.sha256(body).hexdigest(), body)
            self._send(gathered.add(task, Entry(task.entity, task.id, files=[file])))

    def _send_file(self, task: Task, path: str, size: int, pieces: Callable[[], Iterable[bytes]]) -> None:
        try:
            again(lambda: self._target.send_file(task.entity, task.id, path, size, pieces()))
        except (Unreadable, RequestRejected) as reason:
            task.problems.append(f"its file {path}: {reason}")
            return
        self._count(1, size)

    def _count(self, files: int, size: int) -> None:
        with self._lock:
            self._report.files += files
            self._report.bytes += size


class _Gathered:
    """Collects small files of many items until they fill a call."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._size = 0
        self._lock = threading.Lock()

    def add(self, task: Task, entry: Entry) -> list[Part]:
        """Add an entry, and return the parts to send now."""
        with self._lock:
            self._parts.append((task, entry))
            self._size += size_bytes(entry)
            return self._take() if self._size > MOST_BYTES or len(self._parts) >= MOST_ENTRIES else []

    def rest(self) -> list[Part]:
        with self._lock:
            return self._take()

    def _take(self) -> list[Part]:
        parts, self._parts, self._size = self._parts, [], 0
        return parts


def finish(futures: "Sequence[Future[None]]") -> None:
    """Wait for all futures, or for the first that fails."""
    wait(futures, return_when=FIRST_EXCEPTION)
    for future in futures:
        if future.done():
            future.result()


def _said(task: Task, patch: Patch) -> Entry:
    return entry_of(task.entity, task.id, task.experiment_id, patch)


def _together(given: Iterable[tuple[str, Mapping[str, bytes]]]) -> Iterator[dict[str, dict[str, bytes]]]:
    """Yield series by run, each dictionary of the size of a call."""
    group: dict[str, dict[str, bytes]] = {}
    size = 0
    for run_id, series in given:
        length = _size(series)
        is_full = size + length > MOST_BYTES_OF_POINTS or len(group) >= MOST_ENTRIES
        if group and (is_full or group.get(run_id, {}).keys() & series.keys()):
            yield group
            group, size = {}, 0
        group.setdefault(run_id, {}).update(series)
        size += length
    if group:
        yield group


def _points(packed: bytes) -> Iterator[bytes]:
    """Yield packed points one by one, with their stored values."""
    for step, timestamp, value in unpack(packed):
        yield POINT.pack(step, timestamp, canonical(value))


def _size(series: Mapping[str, bytes]) -> int:
    return sum(map(len, series.values()))


def _bundled(parts: Iterable[Part]) -> Iterator[list[Part]]:
    group: list[Part] = []
    size = 0
    for snapshot in parts:
        length = size_bytes(snapshot[1])
        if group and (len(group) >= MOST_ENTRIES or size + length > MOST_BYTES):
            yield group
            group, size = [], 0
        group.append(snapshot)
        size += length
    if group:
        yield group


def _pieces(body: bytes) -> list[bytes]:
    return [body]


def _whole(place: Place, path: str, size: int) -> bytes:
    return b"".join(sized(place, path, size))
