"""The client of servers with MLflow's REST API, 1.x to 3.x.  They choose ids; tags identify the source of a copy.

Objects that a release does not support (datasets before 2.4, logged models before 3.0) are left out, with a message in the link's
log.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any
from urllib.parse import quote

from trackside.artifacts.store import Removal
from trackside.core.http.codec import wire_double
from trackside.core.http_client.client import Download, HttpClient
from trackside.core.http_client.errors import RemoteUnavailable, RequestRejected, unless_missing
from trackside.metrics.series import Point as MetricPoint
from trackside.metrics.series import pack, unpack
from trackside.sync import fields
from trackside.sync.document import Patch, of_kind
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind, Verb
from trackside.sync.file_versions import RemoteFile
from trackside.sync.local.files import OpenFile
from trackside.sync.local.reader import Snapshot, Summary
from trackside.sync.metric_delta import Digest, fingerprint
from trackside.sync.remote.detect import is_empty, is_trackside
from trackside.sync.remote.entries import ListEntry, read_each
from trackside.sync.remote.mlflow import run_changes
from trackside.sync.remote.mlflow.answers import (
    ExperimentPage,
    History,
    NewExperiment,
    OneExperiment,
    OneLoggedModel,
    OneRun,
    RunPage,
)
from trackside.sync.remote.mlflow.api import MAX_METRICS, Calls
from trackside.sync.remote.mlflow.datasets import MlflowDatasets
from trackside.sync.remote.mlflow.files import MlflowFiles, is_run, is_version
from trackside.sync.remote.mlflow.logged_models import MlflowModels
from trackside.sync.remote.mlflow.registry import MlflowRegistry
from trackside.sync.remote.mlflow.runs import MlflowRuns
from trackside.sync.remote.mlflow.shapes import Experiment, decoded
from trackside.sync.remote.mlflow.traces import MlflowTraces
from trackside.sync.remote.mlflow.wire import fingerprints_of_run, leaving_out, snapshot_of_experiment, snapshot_of_run
from trackside.sync.remote.paging import entries_of, pages_of
from trackside.sync.remote.port import ChangePage, CreatedItem, LeftOut, Seen

HISTORY_PAGE = 25_000
DEFAULT = "0"  # the experiment that every store has


class MlflowRemote:
    may_be_trackside = True  # a Trackside would treat copies as runs of its own
    preserves_ids = False

    def __init__(self, http: HttpClient, source: str, wants: Callable[[str], bool] = lambda _: True) -> None:
        """`source` is the name of the local workspace in the tags of copies; `wants` tells which experiments are polled."""
        self._http = http
        self._calls = Calls(http)
        self._runs = MlflowRuns(self._calls, source)
        self._models = MlflowModels(self._calls, source)
        self._source = source
        self._store_id = ""
        self._files = self.make_files()
        self.registry = self.make_registry()
        self.datasets = self.make_datasets()
        self._wants = wants
        self.traces = self.make_traces()
        self._roots: dict[str, str] = {}  # the artifact roots of recent items
        self._poll = run_changes.Poll(
            self.search_experiments,
            self.search_runs,
            self.snapshot_of_run,
            wants,
            http.now,
            search_models=self._models.search,
        )

    def make_files(self) -> MlflowFiles:
        return MlflowFiles(self._http, self.root)

    def make_registry(self) -> MlflowRegistry:
        return MlflowRegistry(self._http, self, self._source)

    def make_datasets(self) -> MlflowDatasets:
        return MlflowDatasets(self._http, self._source)

    def make_traces(self) -> MlflowTraces:
        return MlflowTraces(self._http, self._wanted_experiments)

    @property
    def answered(self) -> int:
        return self._http.answered

    def ask_store(self) -> str:
        try:
            self._note_store(self._calls.get(OneExperiment, "experiments/get", experiment_id=DEFAULT).experiment)
        except RequestRejected:  # or the call is not allowed
            self._store_id = ""
        return self._store_id

    def can(self, entity: Entity, field: Field, verb: Verb) -> bool:
        kind = field.kind
        match entity:
            case Entity.EXPERIMENT:
                return kind in (FieldKind.NAME, FieldKind.STAGE, FieldKind.TAG)
            case Entity.LOGGED_MODEL:
                return kind in (FieldKind.TAG, FieldKind.STATUS, FieldKind.STAGE, FieldKind.POINT) or (
                    kind == FieldKind.PARAM and verb == "add"
                )
        if kind in (FieldKind.NAME, FieldKind.STATUS, FieldKind.STAGE):
            return verb != "drop"
        if kind == FieldKind.END_TIME:
            return verb != "drop"
        return kind == FieldKind.TAG or (
            verb == "add" and kind in (FieldKind.PARAM, FieldKind.DATASET, FieldKind.INPUT, FieldKind.OUTPUT)
        )

    def read(self, entity: Entity, remote_id: str) -> Snapshot | None:
        return unless_missing(lambda: self._read(entity, remote_id))

    def _read(self, entity: Entity, remote_id: str) -> Snapshot:
        match entity:
            case Entity.EXPERIMENT:
                found = self._calls.get(OneExperiment, "experiments/get", experiment_id=remote_id)
                return snapshot_of_experiment(found.experiment)
            case Entity.RUN:
                return self.snapshot_of_run(self._calls.get(OneRun, "runs/get", run_id=remote_id).run)
            case _:
                return self._models.read(remote_id)

    def find_experiment(self, name: str) -> str | None:
        found = unless_missing(lambda: self._calls.get(OneExperiment, "experiments/get-by-name", experiment_name=name))
        return None if found is None else str(found.experiment.experiment_id)

    def make_experiment(self, name: str) -> CreatedItem:
        try:
            made = self._calls.ask(NewExperiment, "experiments/create", {"name": name})
            return CreatedItem(str(made.experiment_id))
        except RequestRejected as refused:
            found = self.find_experiment(name) if refused.code == "RESOURCE_ALREADY_EXISTS" else None
            if found is None:
                raise
            return CreatedItem(found, existed=True)

    def find_copy(self, entity: Entity, local_id: str, experiment_id: str, *, is_brought: bool) -> str | None:
        """Return the copy of an item that is to be created, by a search; of several copies the one that began first."""
        kind = self._runs if entity is Entity.RUN else self._models
        found = kind.find_copies(local_id, experiment_id)
        if not found and is_brought and self.read(entity, local_id) is not None:
            return local_id  # it was created there
        return found[0] if found else None

    def make(self, entity: Entity, local_id: str, experiment_id: str, patch: Patch) -> CreatedItem:
        if self.may_be_trackside and is_trackside(self._http):
            raise RemoteUnavailable(
                f"{self._http.url} is a Trackside, not an MLflow server; add the link again, without kind", 60.0
            )
        self.may_be_trackside = False
        kind = self._models if entity is Entity.LOGGED_MODEL else self._runs
        return CreatedItem(kind.make(local_id, experiment_id, patch))

    def change(self, entity: Entity, remote_id: str, experiment_id: str, patch: Patch) -> LeftOut:
        del experiment_id
        match entity:
            case Entity.EXPERIMENT:
                return self._change_experiment(remote_id, patch)
            case Entity.RUN:
                return self._runs.change(remote_id, patch)
            case _:
                return self._models.change(remote_id, patch)

    def remove(self, entity: Entity, remote_id: str) -> None:
        if entity is Entity.LOGGED_MODEL:
            self._models.remove(remote_id)
        else:
            self._calls.post(f"{entity}s/delete", {f"{entity}_id": remote_id})

    def is_empty(self, experiment_id: str) -> bool:
        return is_empty(self._http, experiment_id)

    def send_points(self, run_id: str, series: Mapping[str, bytes]) -> None:
        try:
            self._send_points(run_id, series)
        except RequestRejected as refused:
            if "'active' state" not in str(refused):
                raise
            # A run of an experiment that was deleted again after the run was created: the run is restored for the write and
            # deleted again.
            self._calls.restore_run(run_id)
            self._send_points(run_id, series)
            self._calls.post("runs/delete", {"run_id": run_id})

    def _send_points(self, run_id: str, series: Mapping[str, bytes]) -> None:
        batch: list[dict[str, Any]] = []
        for key, packed in series.items():
            for step, timestamp, value in unpack(packed):
                batch.append({"key": key, "value": wire_double(value), "timestamp": timestamp, "step": step})
                if len(batch) == MAX_METRICS:
                    self._calls.log(run_id, metrics=batch)
                    batch = []
        if batch:
            self._calls.log(run_id, metrics=batch)

    def series(self, run_id: str) -> dict[str, str]:
        """Return the last point by key: MLflow provides no more without reading a history."""
        return fingerprints_of_run(self._calls.get(OneRun, "runs/get", run_id=run_id).run)

    def fingerprint_of(self, summary: Summary) -> str:
        return fingerprint(*summary.last)

    def digests(self, run_id: str) -> dict[str, Digest] | None:
        del run_id
        return None

    def recount(self, run_id: str, keys: Sequence[str]) -> None:
        del run_id, keys

    def points(self, run_id: str, key: str, after_chunk: int) -> Iterator[tuple[int, bytes]]:
        del after_chunk

        def ask(token: str | None) -> tuple[Sequence[MetricPoint], str | None]:
            query = {"run_id": run_id, "metric_key": key, "max_results": HISTORY_PAGE, "page_token": token}
            page = self._calls.get(History, "metrics/get-history", **query)
            return [(each.step or 0, each.timestamp or 0, each.value) for each in page.metrics], page.next_page_token

        yield from ((0, pack(points)) for points in pages_of("metrics/get-history", ask) if points)

    def files(self, entity: Entity, remote_id: str) -> dict[str, RemoteFile]:
        return self._files.all_of(entity, remote_id)

    def removals(self, entity: Entity, remote_id: str) -> list[Removal]:
        del entity, remote_id
        return []

    def digest(self, entity: Entity, remote_id: str, path: str) -> RemoteFile | None:
        del entity, remote_id, path
        return None

    def send_file(self, entity: Entity, remote_id: str, path: str, source: OpenFile) -> RemoteFile:
        return self._files.send(entity, remote_id, path, source)

    def get_file(self, entity: Entity, remote_id: str, path: str, start: int = 0, etag: str = "") -> Download:
        return self._files.get(entity, remote_id, path, start, etag)

    def remove_file(self, entity: Entity, remote_id: str, path: str) -> None:
        self._files.remove(entity, remote_id, path)

    def changes(self, cursor: str) -> ChangePage:
        seen, following, more = self._poll.changes(cursor)
        return ChangePage(seen, following, more, store_id=self._store_id)

    def everything(self, cursor: str) -> tuple[list[Seen], str]:
        seen, following, more = self._poll.changes(cursor)
        return seen, following if more else ""

    def end_of_changes(self) -> str:
        return self._poll.end()

    def close(self) -> None:
        self.datasets.forget()
        self._http.close()

    def search_experiments(self, token: str | None) -> tuple[list[ListEntry], str | None]:
        body = {"view_type": "ALL", "max_results": 1000, "page_token": token}
        page = self._calls.ask(ExperimentPage, "experiments/search", body)
        return read_each(page.experiments, self._listed_experiment, itemgetter("experiment_id")), page.next_page_token

    def _listed_experiment(self, found: object) -> Snapshot:
        experiment = decoded(Experiment, found)
        self._note_store(experiment)
        return snapshot_of_experiment(experiment)

    def _wanted_experiments(self) -> Iterator[Snapshot]:
        for each in entries_of("experiments/search", self.search_experiments):
            if isinstance(each, Snapshot) and self._wants(each.doc[fields.NAME]):
                yield each

    def _note_store(self, experiment: Experiment) -> None:
        """Record the time of the default experiment's creation, which identifies the store; releases before 1.29 do not provide
        it."""
        if str(experiment.experiment_id) == DEFAULT:
            self._store_id = str(experiment.creation_time or "")

    def search_runs(
        self, experiment_ids: Sequence[str], filter_: str, token: str | None, most: int
    ) -> tuple[list[Any], str | None]:
        """Return a page of runs, for `snapshot_of_run`, and the token of the next page."""
        body = {
            "experiment_ids": list(experiment_ids),
            "filter": filter_,
            "run_view_type": "ALL",
            "max_results": most,
            "page_token": token,
        }
        page = self._calls.ask(RunPage, "runs/search", body)
        return page.runs, page.next_page_token

    def snapshot_of_run(self, found: object) -> Snapshot:
        return snapshot_of_run(found)

    def _change_experiment(self, remote_id: str, patch: Patch) -> LeftOut:
        left_out: LeftOut = {}
        name = patch.put.get(fields.NAME)
        stage = patch.put.get(fields.STAGE)
        if stage == "active":
            self._calls.unless_missing("experiments/restore", {"experiment_id": remote_id})
        if name is not None:
            self._calls.post("experiments/update", {"experiment_id": remote_id, "new_name": name})
        for key, value in of_kind(patch.put, FieldKind.TAG).items():
            tag = {"experiment_id": remote_id, "key": key, "value": value}
            with leaving_out(left_out, Field(FieldKind.TAG, key), "its experiment"):
                self._calls.post("experiments/set-experiment-tag", tag)
        for kind, key in patch.drop:
            if kind == FieldKind.TAG:
                try:
                    self._calls.unless_missing(
                        "experiments/delete-experiment-tag", {"experiment_id": remote_id, "key": key}
                    )
                except RequestRejected as refused:
                    if not refused.is_unknown_call:
                        raise
                    left_out[Field(kind, key)] = f"the remote's release cannot delete the tag {key!r} of an experiment"
        if stage == "deleted" and remote_id != "0":
            self._calls.unless_missing("experiments/delete", {"experiment_id": remote_id})
        return left_out

    def root(self, entity: Entity, remote_id: str) -> str:
        """Return the artifact root of a run, a logged model or a version."""
        known = self._roots.get(remote_id)
        if known is not None:
            return known
        if is_version(entity, remote_id):
            root = self.registry.download_uri(remote_id)
        elif is_run(entity):
            root = self._calls.get(OneRun, "runs/get", run_id=remote_id).run.info.artifact_uri or ""
        else:
            root = self._calls.get(OneLoggedModel, f"logged-models/{quote(remote_id)}").model.info.artifact_uri or ""
        if len(self._roots) > 100:
            self._roots.clear()
        self._roots[remote_id] = root
        return root
