"""Brings a source into a workspace: compares what is here with what is there, page by page, and sends the difference.

Nothing is remembered between two imports but what the workspace shows: an item is made first, with a tag that says that it
is not whole; then its points and files come; then what ends it, and the tag goes.  So an import that was cut off goes on
where it was, and one that has nothing to do asks for each item once.  What the workspace has and the source has not stays.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from functools import partial

from msgspec import Struct

from trackside.imports.documents import UNFINISHED
from trackside.imports.patience import again
from trackside.imports.places import sized
from trackside.imports.registry import RegistryImport
from trackside.imports.report import Report, Tally
from trackside.imports.source import Given, Place, Source, Unreadable
from trackside.imports.target import Held, Target
from trackside.links import diff
from trackside.links.diff import Doc, Field, Mode, Patch
from trackside.links.files import sha256
from trackside.links.mirror import LATE
from trackside.links.model import Entity
from trackside.links.ours import IMPORT_TAG
from trackside.links.peers.mlflow_wire import mark
from trackside.links.wire import Refused
from trackside.metrics.series import POINT_BYTES, Point, canonical

THREADS = 4  # that send
AHEAD = 8  # batches of points on their way at once
DEFAULT = "Default"
_MARK: Field = ("tag", IMPORT_TAG)
_COMING = "not all of it has come yet"
_WORDS = {Entity.RUN: "run", Entity.MODEL: "logged model"}
MAX_WORDS = 80  # characters of a value that differs
MAX_REASON = 4000  # characters in the tag


class Task(Struct):
    """An item that lacks something here."""

    entity: Entity
    given: Given
    experiment_id: str
    held: Held | None
    points: bool
    patch: Patch = Patch()
    files: dict[str, int] = {}
    problems: list[str] = []
    is_begun: bool = False  # all but its end was told
    is_dead: bool = False  # it cannot be made at all

    @property
    def id(self) -> str:
        return self.given.id

    @property
    def words(self) -> str:
        return f"{_WORDS[self.entity]} {self.id}"

    @property
    def is_new(self) -> bool:
        return self.held is None or bool(self.held.unfinished)


class Import:
    """One pass over a source.  `watch` is called now and then with the report so far."""

    def __init__(
        self, source: Source, target: Target, *, verify: bool, dry_run: bool, watch: Callable[[Report], None]
    ) -> None:
        self._source = source
        self._target = target
        self._peer = target.peer
        self._verify = verify
        self._dry_run = dry_run
        self._watch = watch
        self._pool = ThreadPoolExecutor(THREADS, "import")
        self._lock = threading.Lock()
        self._here: dict[str, str] = {}  # our ids of the source's experiments; empty: it would be made
        self._names: dict[str, str] = {}
        self.report = Report()

    def run(self) -> Report:
        """Raises Down where one of the sides cannot be worked with, SourceError where the source cannot be read."""
        began = time.monotonic()
        try:
            for experiment in self._source.experiments():
                self._experiment(experiment)
            for page in self._source.runs():
                self._page(Entity.RUN, page, self.report.runs)
            for page in self._source.models():
                self._page(Entity.MODEL, page, self.report.logged_models)
            registry = RegistryImport(self._source, self._target, self.report, self._tell, dry_run=self._dry_run)
            for model in self._source.registered():
                registry.take(model)
                self._watch(self.report)
        finally:
            self._pool.shutdown(cancel_futures=True)
        for text in self._source.left_out:
            what, _, why = text.partition(": ")
            self.report.leave(what, why)
        self.report.seconds = time.monotonic() - began
        return self.report

    def _experiment(self, given: Given) -> None:
        """By its name; one that is here already is never deleted, restored or given other times."""
        name = given.part.doc["name", ""]
        self._names[given.id] = name
        here = "0" if name == DEFAULT else self._peer.find_experiment(name)
        tally = self.report.experiments
        if here is None:
            tally.new += 1
            patch = Patch({**given.part.doc, **given.times})
            self._here[given.id] = "" if self._dry_run else self._peer.make(Entity.EXPERIMENT, "", "", patch)
            return
        self._here[given.id] = here
        held = self._target.held(Entity.EXPERIMENT, [here])[here]
        tags: Doc = {field: value for field, value in given.part.doc.items() if field[0] == "tag"}
        patch = diff.merge({}, held.doc, tags, Mode.PULL).for_us
        stages = given.part.doc["stage", ""], held.doc["stage", ""]
        if stages[0] != stages[1]:
            self._note(f"experiment {name}", f"is {stages[0]} at the source, stays {stages[1]} here")
        if not patch:
            tally.same += 1
            return
        tally.changed += 1
        self._tell(f"experiment {name}", patch, held)
        if not self._dry_run:
            self._peer.change(Entity.EXPERIMENT, here, here, patch)

    def _page(self, entity: Entity, page: Sequence[Given], tally: Tally) -> None:
        held = self._target.held(entity, [given.id for given in page])
        tasks = []
        for given in page:
            task = self._task(entity, given, held.get(given.id))
            if task is None:
                self._count(tally, given, "same")
            else:
                tasks.append(task)
        self._do(tasks)
        for task in tasks:
            for problem in task.problems:
                self.report.leave(task.words, problem)
            if task.is_dead:
                self._count(tally, task.given, "failed")
            elif task.is_new:
                self._count(tally, task.given, "new")
            else:
                self._count(tally, task.given, "changed" if task.patch or task.points or task.files else "same")
        self._watch(self.report)

    def _count(self, tally: Tally, given: Given, how: str) -> None:
        tallies = [tally]
        if tally is self.report.runs:
            tallies.append(self.report.by_experiment.setdefault(self._names[given.part.experiment_id], Tally()))
        for each in tallies:
            setattr(each, how, getattr(each, how) + 1)

    def _task(self, entity: Entity, given: Given, held: Held | None) -> Task | None:
        """None where nothing is lacking, as far as can be seen without reading points and files."""
        experiment_id = self._here[given.part.experiment_id]
        if held is None:
            return Task(entity, given, experiment_id, None, bool(given.last))
        if held.experiment_id != experiment_id:
            self._note(f"{_WORDS[entity]} {given.id}", "is in another experiment here, and stays there")
        points = any(held.last.get(key) != _mark(point) for key, point in given.last.items())
        is_going_on = given.part.doc.get(("status", "")) in UNFINISHED
        patch, _ = self._lacking(entity, given, held)
        if not (patch or points or held.unfinished or is_going_on or self._verify):
            return None
        points |= bool(given.last) and (self._verify or bool(held.unfinished))
        return Task(entity, given, experiment_id, held, points)

    def _lacking(self, entity: Entity, given: Given, held: Held) -> tuple[Patch, list[Field]]:
        """What shall be put, and what is another one here and cannot be changed."""
        wanted = diff.merge({}, held.doc, given.part.doc, Mode.PULL).for_us.put
        stays = [f for f in wanted if not self._peer.can(entity, f, "change" if f in held.doc else "add")]
        return Patch({field: value for field, value in wanted.items() if field not in stays}), stays

    def _do(self, tasks: list[Task]) -> None:
        self._all(self._complete, tasks)
        if self._dry_run:
            for task in tasks:
                self.report.files += len(task.files)
                self.report.bytes += sum(task.files.values())
            return
        self._all(self._begin, tasks)
        alive = [task for task in tasks if not task.is_dead]
        with_points = [task for task in alive if task.points]
        looked = {task.id: self._peer.series(task.id) for task in with_points if self._verify and not task.is_new}
        self._send_points(with_points)
        self._all(self._send_files, [task for task in alive if task.files])
        self._all(self._end, alive)
        for task in with_points:
            if task.id in looked:
                task.points = self._peer.series(task.id) != looked[task.id]

    def _complete(self, task: Task) -> None:
        """All that the source has of it, and which files are lacking here."""
        if task.entity is Entity.RUN:
            task.given = self._source.whole(task.given)
        task.patch = Patch(task.given.part.doc)
        if task.held is not None:
            task.patch, stays = self._lacking(task.entity, task.given, task.held)
            for kind, key in stays:
                self._note(task.words, f"{kind} {key} is another one at the source, stays as it is here")
            if task.patch and not task.is_new:
                self._tell(task.words, task.patch, task.held)
        try:
            place = self._source.place(task.entity, task.given)
            task.files = dict(place.files())
            if task.files and task.held is not None:
                there = self._peer.files(task.entity, task.id)
                for path in list(task.files):
                    file = there.get(path)
                    if file is not None and task.files[path] == file.size_bytes and self._is_same(task, place, path):
                        del task.files[path]
        except (Unreadable, Refused) as reason:
            task.problems.append(f"its files: {reason}")
            task.files = {}

    def _is_same(self, task: Task, place: Place, path: str) -> bool:
        return not self._verify or self._peer.digest(task.entity, task.id, path).sha256 == sha256(place.open(path))

    def _begin(self, task: Task) -> None:
        """Makes it, or says that it is not whole, if anything follows; else its end says it all."""
        if not (task.points or task.files or task.problems):
            return
        early = {field: value for field, value in task.patch.put.items() if field[0] not in LATE}
        if early or task.held is None or task.held.unfinished != _COMING:
            self._put(task, Patch({**early, _MARK: _COMING}))
        task.is_begun = True

    def _end(self, task: Task) -> None:
        put = {f: value for f, value in task.patch.put.items() if not task.is_begun or f[0] in LATE}
        drop: list[Field] = []
        if task.problems:
            put[_MARK] = "; ".join(task.problems)[:MAX_REASON]
        elif task.is_begun or (task.held is not None and task.held.unfinished):
            drop = [_MARK]
        if put or drop:
            self._put(task, Patch({**put, **task.given.times}, drop))

    def _put(self, task: Task, patch: Patch) -> None:
        try:
            self._peer.make(task.entity, task.id, task.experiment_id, patch)
        except Refused as refused:
            task.problems.append(str(refused))
            task.is_dead = True

    def _send_points(self, tasks: Sequence[Task]) -> None:
        by_id = {task.id: task for task in tasks}
        on_their_way: list[Future[None]] = []
        for run_id, series in self._source.points([task.given for task in tasks]):
            self.report.points += sum(map(len, series.values())) // POINT_BYTES
            on_their_way.append(self._pool.submit(self._send_series, by_id[run_id], series))
            if len(on_their_way) >= AHEAD:
                on_their_way.pop(0).result()
        _finish(on_their_way)

    def _send_series(self, task: Task, series: Mapping[str, bytes]) -> None:
        try:
            self._peer.send_points(task.id, series)
        except Refused as refused:
            task.problems.append(f"points of {', '.join(series)}: {refused}"[:MAX_REASON])

    def _send_files(self, task: Task) -> None:
        place = self._source.place(task.entity, task.given)
        for path, size in task.files.items():
            try:
                again(partial(self._send_file, task, place, path, size))
            except (Unreadable, Refused) as reason:
                task.problems.append(f"its file {path}: {reason}")
                continue
            with self._lock:
                self.report.files += 1
                self.report.bytes += size

    def _send_file(self, task: Task, place: Place, path: str, size: int) -> None:
        self._target.send_file(task.entity, task.id, path, size, sized(place, path, size))

    def _note(self, what: str, text: str) -> None:
        self.report.differences.append(f"{what}: {text}")

    def _tell(self, what: str, patch: Patch, held: Held) -> None:
        words = [
            f"{kind}{f' {key}' if key else ''} was {_shown(held.doc.get((kind, key)))}, is {_shown(value)} at the source"
            for (kind, key), value in sorted(patch.put.items())
        ]
        self._note(what, "; ".join(words))

    def _all(self, work: Callable[[Task], None], tasks: Sequence[Task]) -> None:
        _finish([self._pool.submit(work, task) for task in tasks])


def _finish(futures: Sequence["Future[None]"]) -> None:
    """Waits for all of them, or for the first that fails."""
    wait(futures, return_when=FIRST_EXCEPTION)
    for future in futures:
        if future.done():
            future.result()


def _mark(point: Point) -> str:
    step, timestamp, value = point
    return mark(step, timestamp, canonical(value))


def _shown(value: str | None) -> str:
    if value is None:
        return "absent"
    return repr(value if len(value) <= MAX_WORDS else value[:MAX_WORDS] + "…")
