"""Imports a source into a workspace: compares both page by page and sends the difference.

The state of an import is in the workspace alone.  An item is created with a tag that marks it as incomplete; then its points and
files are sent; the completion removes the tag.  So an interrupted import continues where it was, and an import without
differences asks for each item once.  Items that only the workspace has stay.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from trackside.artifacts import keys
from trackside.core.errors import Invalid
from trackside.core.http_client.errors import RequestRejected
from trackside.imports.datasets import DatasetsImport
from trackside.imports.registry import RegistryImport
from trackside.imports.report import Report, Tally
from trackside.imports.reviews import ReviewsImport
from trackside.imports.sending import Sender, finish
from trackside.imports.source import Given, Place, Source, Unreadable
from trackside.imports.target import Held, Target
from trackside.imports.task import WORDS, Task
from trackside.imports.traces import TracesImport
from trackside.metrics.series import Point, canonical
from trackside.sync import document, fields
from trackside.sync.document import Doc, Mode, Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local.files import sha256
from trackside.sync.metric_delta import fingerprint

UNFINISHED = frozenset({"RUNNING", "SCHEDULED", "PENDING"})  # statuses of active runs and logged models
THREADS = 16  # that read files and send
DEFAULT = "Default"
MAX_WORDS = 80  # characters of a differing value in the report


class Import:
    """One pass over a source.  `watch` is called from time to time with the report so far."""

    def __init__(
        self, source: Source, target: Target, *, verify: bool, dry_run: bool, watch: Callable[[Report], None]
    ) -> None:
        self._source = source
        self._target = target
        self._remote = target.remote
        self._verify = verify
        self._dry_run = dry_run
        self._watch = watch
        self._pool = ThreadPoolExecutor(THREADS, "import")
        self._here: dict[str, str] = {}  # source's experiment id to the workspace's; empty: it would be created
        self._names: dict[str, str] = {}
        self.report = Report()
        self._sender = Sender(source, target, self.report, self._pool)

    def run(self) -> Report:
        """Run the import and return its report.  Raise RemoteUnavailable if a server fails, SourceError if the source cannot be
        read."""
        began = time.monotonic()
        try:
            for experiment in self._source.experiments():
                self._experiment(experiment)
            self._pages(Entity.RUN, self._source.runs(), self.report.runs)
            self._pages(Entity.LOGGED_MODEL, self._source.models(), self.report.logged_models)
            traces = TracesImport(
                self._target.http, self.report, self._here, self._pool, dry_run=self._dry_run, verify=self._verify
            )
            for page in self._source.traces():
                traces.take(page)
                self._watch(self.report)
            reviews = ReviewsImport(self._target.http, self.report, self._here, dry_run=self._dry_run)
            for each in self._source.reviews():
                reviews.take(each)
                self._watch(self.report)
            datasets = DatasetsImport(
                self._source,
                self._target.datasets,
                self.report,
                self._here,
                verify=self._verify,
                dry_run=self._dry_run,
            )
            for dataset in self._source.datasets():
                datasets.take(dataset)
                self._watch(self.report)
            registry = RegistryImport(
                self._source, self._target, self.report, self._note_differences, dry_run=self._dry_run
            )
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
        """Import an experiment by its name; an existing one is never deleted, restored or given other times."""
        name = given.snapshot.doc[fields.NAME]
        self._names[given.id] = name
        here = "0" if name == DEFAULT else self._remote.find_experiment(name)
        tally = self.report.experiments
        if here is None:
            tally.new += 1
            patch = Patch({**given.snapshot.doc, **given.times})
            self._here[given.id] = "" if self._dry_run else self._remote.make(Entity.EXPERIMENT, "", "", patch).id
            return
        self._here[given.id] = here
        held = self._target.held(Entity.EXPERIMENT, [here])[here]
        tags: Doc = {field: value for field, value in given.snapshot.doc.items() if field.kind == FieldKind.TAG}
        patch = document.merge({}, held.doc, tags, Mode.PULL).for_us
        stages = given.snapshot.doc[fields.STAGE], held.doc[fields.STAGE]
        if stages[0] != stages[1]:
            self._note(f"experiment {name}", f"is {stages[0]} at the source, stays {stages[1]} in this workspace")
        if not patch:
            tally.same += 1
            return
        tally.changed += 1
        self._note_differences(f"experiment {name}", patch, held)
        if not self._dry_run:
            self._remote.change(Entity.EXPERIMENT, here, here, patch)

    def _pages(self, entity: Entity, pages: Iterable[Sequence[Given]], tally: Tally) -> None:
        """Import pages; the next page is read while the files of the previous one are sent."""
        ends: list[Callable[[], None]] = []
        for page in pages:
            ends.append(self._page(entity, page, tally))
            if len(ends) > 1:
                ends.pop(0)()
        for end in ends:
            end()

    def _page(self, entity: Entity, page: Sequence[Given], tally: Tally) -> Callable[[], None]:
        """Start to import a page; return a function that completes it."""
        held = self._target.held(entity, [given.id for given in page])
        tasks = []
        for given in page:
            task = self._task(entity, given, held.get(given.id))
            if task is None:
                self._count(tally, given, "same")
            else:
                tasks.append(task)
        end = self._do(tasks)

        def close() -> None:
            end()
            for task in tasks:
                self._close(task, tally)
            self._watch(self.report)

        return close

    def _close(self, task: Task, tally: Tally) -> None:
        for problem in task.problems:
            self.report.leave(task.label, problem)
        if task.is_dead:
            how = "failed"
        elif task.is_new:
            how = "new"
        else:
            how = "changed" if task.patch or task.points or task.files else "same"
        self._count(tally, task.given, how)

    def _count(self, tally: Tally, given: Given, how: str) -> None:
        tallies = [tally]
        if tally is self.report.runs:
            tallies.append(self.report.by_experiment.setdefault(self._names[given.snapshot.experiment_id], Tally()))
        for each in tallies:
            setattr(each, how, getattr(each, how) + 1)

    def _task(self, entity: Entity, given: Given, held: Held | None) -> Task | None:
        """Return the task for an item; None if nothing is missing, as far as can be decided without reading points and files."""
        experiment_id = self._here[given.snapshot.experiment_id]
        if held is None:
            return Task(entity, given, experiment_id, None, bool(given.last))
        if held.experiment_id != experiment_id:
            self._note(f"{WORDS[entity]} {given.id}", "is in another experiment of this workspace, and stays there")
        points = any(held.last.get(key) != _mark(point) for key, point in given.last.items())
        is_going_on = given.snapshot.doc.get(fields.STATUS) in UNFINISHED
        patch, _ = self._lacking(entity, given, held)
        if not (patch or points or held.unfinished or is_going_on or self._verify):
            return None
        points |= bool(given.last) and (self._verify or bool(held.unfinished))
        return Task(entity, given, experiment_id, held, points)

    def _lacking(self, entity: Entity, given: Given, held: Held) -> tuple[Patch, list[Field]]:
        """Return the fields to write, and the differing fields that cannot be changed."""
        wanted = document.merge({}, held.doc, given.snapshot.doc, Mode.PULL).for_us.put
        stays = [f for f in wanted if not self._remote.can(entity, f, "change" if f in held.doc else "add")]
        return Patch({field: value for field, value in wanted.items() if field not in stays}), stays

    def _do(self, tasks: list[Task]) -> Callable[[], None]:
        self._all(self._complete, tasks)
        if self._dry_run:
            for task in tasks:
                self.report.files += len(task.files)
                self.report.bytes += sum(task.files.values())
            with_points = [task for task in tasks if task.points]
            compared = {task.id for task in with_points if self._verify and not task.is_new}
            lacking = self._sender.count_points(with_points, compared)
            for task in with_points:
                task.points = task.id not in compared or task.id in lacking
            return lambda: None
        self._sender.begin(tasks)
        alive = [task for task in tasks if not task.is_dead]
        with_points = [task for task in alive if task.points]
        looked = {task.id: self._remote.series(task.id) for task in with_points if self._verify and not task.is_new}
        files = self._sender.files(alive)
        self._sender.points(with_points)

        def end() -> None:
            files()
            self._sender.end(alive)
            for task in with_points:
                if task.id in looked:
                    task.points = self._remote.series(task.id) != looked[task.id]

        return end

    def _complete(self, task: Task) -> None:
        """Read everything of the item from the source, and determine the missing files."""
        if task.entity is Entity.RUN:
            task.given = self._source.whole(task.given)
        task.patch = Patch(task.given.snapshot.doc)
        if task.held is not None:
            task.patch, stays = self._lacking(task.entity, task.given, task.held)
            for kind, key in stays:
                self._note(task.label, f"{kind} {key} differs at the source; this workspace keeps its value")
            if task.patch and not task.is_new:
                self._note_differences(task.label, task.patch, task.held)
        try:
            place = task.place = self._source.place(task.entity, task.given)
            task.files = dict(place.files())
            there = self._remote.files(task.entity, task.id) if task.files and task.held is not None else {}
            named: dict[str, str] = {}
            for path in list(task.files):
                if not _is_text(path):
                    task.problems.append(f"its file {path!r}: the name is not UTF-8")
                    del task.files[path]
                    continue
                name = _local_name(path)
                other = named.setdefault(name, path)
                file = there.get(name)
                if other != path:
                    task.problems.append(
                        f"its file {path}: its name in this workspace would be {name}, which its file {other} has"
                    )
                    del task.files[path]
                elif file is not None and task.files[path] == file.size_bytes and self._is_same(task, place, path):
                    del task.files[path]
        except (Unreadable, RequestRejected) as reason:
            task.problems.append(f"its files: {reason}")
            task.files = {}

    def _is_same(self, task: Task, place: Place, path: str) -> bool:
        return not self._verify or self._remote.digest(task.entity, task.id, path).sha256 == sha256(place.open(path))

    def _note(self, what: str, text: str) -> None:
        self.report.differences.append(f"{what}: {text}")

    def _note_differences(self, what: str, patch: Patch, held: Held) -> None:
        text = [
            f"{field.label} was {_shown(held.doc.get(field))}, is {_shown(value)} at the source"
            for field, value in sorted(patch.put.items())
        ]
        self._note(what, "; ".join(text))

    def _all(self, work: Callable[[Task], None], tasks: Sequence[Task]) -> None:
        finish([self._pool.submit(work, task) for task in tasks])


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _local_name(path: str) -> str:
    """Return the name that the workspace stores: the server decodes escapes in names of clients."""
    try:
        return keys.from_path(path)
    except Invalid:
        return path


def _mark(point: Point) -> str:
    step, timestamp, value = point
    return fingerprint(step, timestamp, canonical(value))


def _shown(value: str | None) -> str:
    if value is None:
        return "absent"
    return repr(value if len(value) <= MAX_WORDS else value[:MAX_WORDS] + "…")
