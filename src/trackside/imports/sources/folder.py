"""A folder `mlruns` of MLflow's file store, 1.x to 3.x; its registry is in `folder_registry`."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from trackside.evaluation_datasets.whole_record import Record
from trackside.imports.places import Finder, Folder
from trackside.imports.source import (
    MAX_POINTS,
    Given,
    Place,
    Registered,
    Reviews,
    SourceError,
    Traced,
    Unreadable,
    grouped,
    plain,
)
from trackside.imports.sources.folder_registry import registered
from trackside.imports.sources.meta import META, read_meta, read_texts, text_of, walk_files
from trackside.metrics.series import Point, pack, rank
from trackside.sync import fields
from trackside.sync.document import Doc
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.item_documents import dataset_field, experiment_doc, model_doc, point_field, run_doc
from trackside.sync.local.reader import Snapshot

TRASH = ".trash"
RESERVED = frozenset({"tags", "datasets", "traces", "models"})  # subfolders of an experiment that are not runs
_RUN_STATUS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_MODEL_STATUS = {1: "PENDING", 2: "READY", 3: "FAILED"}


class FolderSource:
    def __init__(self, root: Path, finder: Finder) -> None:
        self._root = root
        self._finder = finder
        self.left_out: list[str] = []
        self._folders = {folder.name: folder for folder in self._experiment_folders()}
        if not self._folders and not (root / "models").is_dir():
            raise SourceError(f"{root} has no experiments of MLflow: no folder in it has a {META}")
        self._where: dict[str, Path] = {}  # of the runs and models of the last page
        self._count_traces()

    def count(self) -> int:
        return sum(1 for folder in self._folders.values() for _ in _runs_of(folder))

    def experiments(self) -> list[Given]:
        found = []
        for experiment_id, folder in list(self._folders.items()):
            try:
                found.append(_experiment(experiment_id, folder))
            except Unreadable as reason:
                self.left_out.append(f"the experiment {experiment_id} with its runs and models: {reason}")
                del self._folders[experiment_id]
        return found

    def runs(self) -> Iterator[list[Given]]:
        for page in grouped(self._all_runs()):
            yield page
            self._where.clear()

    def whole(self, run: Given) -> Given:
        return run

    def points(self, runs: Sequence[Given]) -> Iterator[tuple[str, Mapping[str, bytes]]]:
        for run in runs:
            folder = self._where[run.id] / "metrics"
            batch: dict[str, bytes] = {}
            size = 0
            for key in run.last:
                points = _points(folder / key)
                for start in range(0, len(points), MAX_POINTS):
                    snapshot = points[start : start + MAX_POINTS]
                    if size + len(snapshot) > MAX_POINTS and batch:
                        yield run.id, batch
                        batch, size = {}, 0
                    batch[key] = pack(snapshot)
                    size += len(snapshot)
                    if start + MAX_POINTS < len(points):
                        yield run.id, batch
                        batch, size = {}, 0
            if batch:
                yield run.id, batch

    def models(self) -> Iterator[list[Given]]:
        for page in grouped(self._all_models()):
            yield page
            self._where.clear()

    def registered(self) -> Iterator[Registered]:
        return registered(self._root / "models", self.left_out)

    def traces(self) -> Iterator[list[Traced]]:
        return iter(())  # counted in `left_out`

    def reviews(self) -> Iterator[Reviews]:
        """Yield nothing: the file store has none."""
        return iter(())

    def datasets(self) -> Iterator[Given]:
        """Yield nothing: the file store has none."""
        return iter(())

    def records(self, dataset: Given) -> Iterator[Record]:
        del dataset
        return iter(())

    def place(self, entity: Entity, item: Given) -> Place:
        """Return the place that the source names, or the item's folder if the whole store was moved."""
        del entity
        place = self._finder.at(item.artifact_uri)
        beside = self._where[item.id] / "artifacts"
        return Folder(beside) if beside.is_dir() and not (isinstance(place, Folder) and place.is_there) else place

    def place_of(self, uri: str) -> Place:
        return self._finder.of_version(uri)

    def close(self) -> None:
        self._finder.close()

    def _experiment_folders(self) -> Iterator[Path]:
        for parent in (self._root, self._root / TRASH):
            for folder in _folders(parent):
                if (folder / META).is_file() and folder != self._root / "models":
                    yield folder

    def _all_runs(self) -> Iterator[Given]:
        for experiment_id, folder in self._folders.items():
            for run in _runs_of(folder):
                try:
                    given = self._run(experiment_id, run)
                except Unreadable as reason:
                    self.left_out.append(f"the run {run.name}: {reason}")
                    continue
                self._where[given.id] = run
                yield given

    def _run(self, experiment_id: str, folder: Path) -> Given:
        meta = read_meta(folder)
        status = meta.get("status")
        doc = run_doc(
            name=text_of(meta, "run_name") or text_of(meta, "name"),
            status=_RUN_STATUS.get(status, str(status)) if isinstance(status, int) else status,
            stage=text_of(meta, "lifecycle_stage"),
            user=text_of(meta, "user_id"),
            start_time=meta.get("start_time"),
            end_time=meta.get("end_time"),
            params=read_texts(folder / "params"),
            tags=read_texts(folder / "tags"),
        )
        doc.update(self._edges(experiment_id, folder))
        last = {}
        for key in walk_files(folder / "metrics"):
            points = _points(folder / "metrics" / key)
            if points:
                last[key] = max(points, key=rank)
        run_id = text_of(meta, "run_id") or text_of(meta, "run_uuid") or folder.name
        return Given(Snapshot(run_id, experiment_id, plain(doc)), text_of(meta, "artifact_uri"), last)

    def _edges(self, experiment_id: str, folder: Path) -> Doc:
        edges: Doc = {}
        for given in _folders(folder / "inputs"):
            meta = read_meta(given)
            if meta.get("source_type") == "MODEL":
                edges[Field(FieldKind.INPUT, text_of(meta, "source_id"))] = "0"
                continue
            dataset = self._folders[experiment_id] / "datasets" / text_of(meta, "source_id")
            if not (dataset / META).is_file():
                continue
            of = read_meta(dataset)
            tags = {str(key): str(value) for key, value in (meta.get("tags") or {}).items()}
            field, value = dataset_field(
                text_of(of, "name"),
                text_of(of, "digest"),
                of.get("source_type"),
                of.get("source"),
                of.get("schema"),
                of.get("profile"),
                tags,
            )
            edges[field] = value
        for given in _folders(folder / "outputs"):
            meta = read_meta(given)
            edges[Field(FieldKind.OUTPUT, text_of(meta, "source_id"))] = str(meta.get("step") or 0)
        return edges

    def _all_models(self) -> Iterator[Given]:
        for experiment_id, folder in self._folders.items():
            for model in _folders(folder / "models"):
                if not (model / META).is_file():
                    continue
                try:
                    given = self._model(experiment_id, model)
                except Unreadable as reason:
                    self.left_out.append(f"the logged model {model.name}: {reason}")
                    continue
                self._where[given.id] = model
                yield given

    def _model(self, experiment_id: str, folder: Path) -> Given:
        meta = read_meta(folder)
        status = meta.get("status")
        doc = model_doc(
            name=text_of(meta, "name"),
            model_type=text_of(meta, "model_type"),
            source_run=text_of(meta, "source_run_id"),
            status=_MODEL_STATUS.get(status, "PENDING") if isinstance(status, int) else str(status or "PENDING"),
            stage=text_of(meta, "lifecycle_stage"),
            params=read_texts(folder / "params"),
            tags=read_texts(folder / "tags"),
            points=[each for key in walk_files(folder / "metrics") for each in _model_points(folder / "metrics", key)],
        )
        model_id = text_of(meta, "model_id") or folder.name
        return Given(
            Snapshot(model_id, experiment_id, plain(doc)),
            text_of(meta, "artifact_location"),
            {},
            _times(meta, "timestamp"),
        )

    def _count_traces(self) -> None:
        traces = sum(1 for folder in self._folders.values() for _ in _folders(folder / "traces"))
        if traces:
            self.left_out.append(
                f"{traces} traces: they are not read from a folder; start `mlflow server` on it, and import from the server"
            )


def _experiment(experiment_id: str, folder: Path) -> Given:
    meta = read_meta(folder)
    stage = "deleted" if folder.parent.name == TRASH else text_of(meta, "lifecycle_stage")
    doc = experiment_doc(text_of(meta, "name"), stage, read_texts(folder / "tags"))
    snapshot = Snapshot(experiment_id, experiment_id, plain(doc))
    return Given(snapshot, text_of(meta, "artifact_location"), {}, _times(meta, "time"))


def _runs_of(experiment: Path) -> Iterator[Path]:
    for folder in _folders(experiment):
        if folder.name not in RESERVED and (folder / META).is_file():
            yield folder


def _folders(parent: Path) -> list[Path]:
    try:
        with os.scandir(parent) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SourceError(f"{parent} cannot be read: {error.strerror or error}") from None


def _points(path: Path) -> list[Point]:
    """Return the points of a metric's file: a line each with time, value, and since 0.9 the step; a dataset may follow."""
    points = []
    for number, line in enumerate(_lines(path), 1):
        columns = line.split(" ")
        try:
            points.append((int(columns[2]) if len(columns) > 2 else 0, int(columns[0]), float(columns[1])))
        except (ValueError, IndexError):
            raise Unreadable(f"{path}, line {number} is not a point of a metric: {line[:100]!r}") from None
    return points


def _model_points(folder: Path, key: str) -> Iterator[Field]:
    """Yield the points of a model's metric: a line each with time, value, step, run, and the dataset's name and digest if it has
    one."""
    for number, line in enumerate(_lines(folder / key), 1):
        columns = line.split(" ", 4)
        try:
            name, _, digest = columns[4].rpartition(" ") if len(columns) > 4 else ("", "", "")
            yield point_field(
                key, int(columns[2]), int(columns[0]), columns[3], name or None, digest or None, float(columns[1])
            )
        except (ValueError, IndexError):
            raise Unreadable(
                f"{folder / key}, line {number} is not a point of a model's metric: {line[:100]!r}"
            ) from None


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text("utf-8").splitlines() if line]
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from None


def _times(meta: Mapping[str, Any], unit: str) -> Doc:
    found: Doc = {}
    created = meta.get(f"creation_{unit}")
    updated = meta.get("last_update_time" if unit == "time" else "last_updated_timestamp")
    if isinstance(created, int):
        found[fields.CREATION_TIME] = str(created)
        found[fields.LAST_UPDATE_TIME] = str(updated if isinstance(updated, int) else created)
    return found
