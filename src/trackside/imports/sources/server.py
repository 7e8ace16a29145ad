"""A running MLflow server, 1.30 to 3.x, by its REST API, through the same client as links."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from msgspec.structs import replace

from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.errors import RemoteUnavailable, RequestRejected
from trackside.evaluation_datasets.whole_record import Record
from trackside.imports.patience import BROKEN
from trackside.imports.places import Finder, Folder, UnreadableFiles
from trackside.imports.source import (
    PAGE,
    Given,
    Place,
    Registered,
    Reviews,
    SourceError,
    Traced,
    Unreadable,
    Version,
    grouped,
    plain,
)
from trackside.imports.sources import server_reviews, server_traces
from trackside.metrics.series import pack
from trackside.sync import fields
from trackside.sync.document import Doc
from trackside.sync.entities import Entity
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.entries import Unread, read_each
from trackside.sync.remote.mlflow.answers import (
    BulkHistory,
    DownloadUri,
    ExperimentPage,
    LoggedModelPage,
    OneRun,
    RegisteredModelPage,
    RunPoint,
    VersionPage,
)
from trackside.sync.remote.mlflow.api import Calls
from trackside.sync.remote.mlflow.client import MlflowRemote
from trackside.sync.remote.mlflow.datasets import MlflowDatasets
from trackside.sync.remote.mlflow.shapes import Experiment, LoggedModel, ModelVersion, RegisteredModel, Run, decoded
from trackside.sync.remote.mlflow.wire import proxied_path, snapshot_of_experiment, snapshot_of_model, snapshot_of_run
from trackside.sync.remote.paging import pages_of

BULK = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
BULK_RUNS, BULK_POINTS = 100, 25_000  # the size of one answer
HISTORIES = 4  # answers of that size in memory at once
GROUP = 50  # experiments in one search
T = TypeVar("T")
_run_of = attrgetter("run_id")
_PROMPTS = "tags.`mlflow.prompt.is_prompt` = 'true'"


class ServerSource:
    def __init__(self, http: HttpClient, finder: Finder) -> None:
        """`finder` finds places that this machine can read; the server's proxy is one of them."""
        self._http = http
        self._calls = Calls(http)
        self._remote = MlflowRemote(http, "")
        self._datasets = MlflowDatasets(http, "")
        self._finder = finder
        self._threads = ThreadPoolExecutor(HISTORIES, "import-history")
        self._has_bulk = True
        self.left_out: list[str] = []
        try:
            self._experiments = list(self._all_experiments())
        except RequestRejected as refused:
            raise SourceError(f"{http.url} does not answer as an MLflow server does ({refused})") from None
        self._ids = [given.id for given in self._experiments]
        self._has_models = any(True for _ in self._search_models(self._ids, 1))

    def count(self) -> None:
        return None

    def experiments(self) -> list[Given]:
        return self._experiments

    def runs(self) -> Iterator[list[Given]]:
        for start in range(0, len(self._ids), GROUP):
            ask = partial(self._search_runs, self._ids[start : start + GROUP])
            for page in pages_of("runs/search", ask):
                if page:
                    yield self._readable("run", page, _run, lambda each: each["info"]["run_id"])

    def _search_runs(self, ids: Sequence[str], token: str | None) -> tuple[list[Any], str | None]:
        return self._remote.search_runs(ids, "", token, PAGE)

    def whole(self, run: Given) -> Given:
        """Return the run with its input models, which a search does not return."""
        return _run(self._calls.get(OneRun, "runs/get", run_id=run.id).run) if self._has_models else run

    def points(self, runs: Sequence[Given]) -> Iterator[tuple[str, Mapping[str, bytes]]]:
        """Yield points; a few requests run concurrently, since the server takes long for each."""
        asked: deque[tuple[list[str], str, Future[list[RunPoint] | None]]] = deque()
        for ids, key in _questions(runs):
            asked.append((ids, key, self._threads.submit(self._bulk, ids, key)))
            if len(asked) >= HISTORIES:
                yield from self._answer(*asked.popleft())
        while asked:
            yield from self._answer(*asked.popleft())

    def models(self) -> Iterator[list[Given]]:
        for start in range(0, len(self._ids), GROUP):
            yield from grouped(self._search_models(self._ids[start : start + GROUP], 100))

    def traces(self) -> Iterator[list[Traced]]:
        for start in range(0, len(self._ids), GROUP):
            yield from server_traces.pages(self._http, self._ids[start : start + GROUP], self.left_out.append)

    def reviews(self) -> Iterator[Reviews]:
        active = [each.id for each in self._experiments if each.snapshot.doc.get(fields.STAGE) == "active"]
        return server_reviews.reviews(self._http, active, self.left_out.append)

    def registered(self) -> Iterator[Registered]:
        versions: dict[str, list[ModelVersion]] = {}
        try:
            for each in self._versions():
                versions.setdefault(each.name, []).append(each)
            models = list(self._registered_models())
        except RequestRejected as refused:
            self.left_out.append(f"registered models: {refused}")
            return
        try:
            prompts = list(self._registered_models(_PROMPTS))
        except RequestRejected:
            prompts = []  # a release without prompts
        found = {each.name: each for each in (*models, *prompts)}
        for prompt in prompts:
            if prompt.name not in versions:
                name = prompt.name.replace("'", "\\'")
                versions[prompt.name] = list(self._versions(f"name = '{name}'"))
        for name in sorted(found):
            yield self._registered(found[name], versions.get(name, []))

    def datasets(self) -> Iterator[Given]:
        try:
            if not self._datasets.is_known:
                return
            for found in self._datasets.everything():
                if isinstance(found, Unread):
                    self.left_out.append(f"evaluation dataset {found.item_id}: {found.why}")
                    continue
                snapshot = self._datasets.read(found.item_id)
                if snapshot is not None:
                    yield Given(_plain(snapshot))
        except RequestRejected as refused:
            if refused.status != BROKEN:  # a server with the file store fails at this call
                self.left_out.append(f"evaluation datasets: {refused}")

    def records(self, dataset: Given) -> Iterator[Record]:
        for page in self._datasets.pages(dataset.id):
            yield from page

    def place(self, entity: Entity, item: Given) -> Place:
        """Return the files: through the server, unless they can be read without it, behind its proxy or where `--artifacts`
        names."""
        place = self._finder.at(item.artifact_uri)
        is_found = place.is_there if isinstance(place, Folder) else not isinstance(place, UnreadableFiles)
        if is_found or proxied_path(item.artifact_uri) is not None:
            return place
        return _Served(self._http, self._remote, entity, item.id)

    def place_of(self, uri: str) -> Place:
        if uri.partition(":")[0] in ("runs", "models"):
            return UnreadableFiles(f"{uri} names files that the source does not have any more")
        return self._finder.of_version(uri)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._finder.close()
        self._remote.close()

    def _all_experiments(self) -> Iterator[Given]:
        def ask(token: str | None) -> tuple[list[Any], str | None]:
            body = {"view_type": "ALL", "max_results": 1000, "page_token": token}
            page = self._calls.ask(ExperimentPage, "experiments/search", body)
            return page.experiments, page.next_page_token

        for page in pages_of("experiments/search", ask):
            yield from self._readable("experiment", page, _experiment, itemgetter("experiment_id"))

    def _search_models(self, experiment_ids: Sequence[str], most: int) -> Iterator[Given]:
        def ask(token: str | None) -> tuple[list[Any], str | None]:
            body = {"experiment_ids": list(experiment_ids), "max_results": most, "page_token": token}
            try:
                page = self._calls.ask(LoggedModelPage, "logged-models/search", body)
            except RequestRejected as refused:
                if refused.status in (404, 405):  # a release before 3.0
                    return [], None
                raise
            return page.models, page.next_page_token

        if experiment_ids:
            for page in pages_of("logged-models/search", ask):
                yield from self._readable("logged model", page, _model, lambda each: each["info"]["model_id"])

    def _registered_models(self, filter_: str | None = None) -> Iterator[RegisteredModel]:
        def ask(token: str | None) -> tuple[list[Any], str | None]:
            query = {"max_results": 200, "filter": filter_, "page_token": token}
            page = self._calls.get(RegisteredModelPage, "registered-models/search", **query)
            return page.registered_models, page.next_page_token

        for page in pages_of("registered-models/search", ask):
            yield from self._readable("registered model", page, partial(decoded, RegisteredModel), itemgetter("name"))

    def _versions(self, filter_: str | None = None) -> Iterator[ModelVersion]:
        def ask(token: str | None) -> tuple[list[Any], str | None]:
            query = {"max_results": 1000, "filter": filter_, "page_token": token}
            page = self._calls.get(VersionPage, "model-versions/search", **query)
            return page.model_versions, page.next_page_token

        for page in pages_of("model-versions/search", ask):
            read = partial(decoded, ModelVersion)
            yield from self._readable("version", page, read, lambda each: f"{each['version']} of {each['name']}")

    def _readable(
        self, what: str, found: Sequence[Any], read: Callable[[Any], T], id_of: Callable[[Any], object]
    ) -> list[T]:
        """Return the readable entries of a list; the report names the others."""
        entries = read_each(found, read, id_of)
        named = [f"{what} {each.item_id}: {each.why}" for each in entries if isinstance(each, Unread)]
        self.left_out += [each for each in named if each not in self.left_out]
        return [each for each in entries if not isinstance(each, Unread)]

    def _answer(
        self, ids: list[str], key: str, future: "Future[list[RunPoint] | None]"
    ) -> Iterator[tuple[str, Mapping[str, bytes]]]:
        rows = future.result()
        if rows is None:
            for run_id in ids:
                yield from self._page_by_page(run_id, key)
            return
        found = [
            (run_id, pack([(row.step or 0, row.timestamp or 0, row.value) for row in of_run]))
            for run_id, of_run in groupby(rows, _run_of)
        ]
        if len(rows) < BULK_POINTS:
            yield from ((run_id, {key: packed}) for run_id, packed in found)
            return
        # The answer has the runs in order, and ends in the middle of the last one.
        *whole, (last, _) = found
        yield from ((run_id, {key: packed}) for run_id, packed in whole)
        had = {run_id for run_id, _ in whole}
        if not whole:
            yield from self._page_by_page(last, key)
            had.add(last)
        rest = [run_id for run_id in ids if run_id not in had]
        if rest:
            yield from self._answer(rest, key, self._threads.submit(self._bulk, rest, key))

    def _bulk(self, ids: Sequence[str], key: str) -> list[RunPoint] | None:
        """Return the points of a metric, run by run, as many as one answer holds; None if the source does not have the call."""
        if not self._has_bulk:
            return None
        query = urlencode({"run_id": list(ids), "metric_key": key, "max_results": BULK_POINTS}, doseq=True)
        try:
            found = decoded(BulkHistory, self._http.json("GET", f"{BULK}?{query}")).metrics
        except RequestRejected as refused:
            self._has_bulk = not refused.is_unknown_call
            return None
        is_in_order = len({each.run_id for each in found}) == sum(1 for _ in groupby(found, _run_of))
        return found if is_in_order else None

    def _page_by_page(self, run_id: str, key: str) -> Iterator[tuple[str, Mapping[str, bytes]]]:
        for _, packed in self._remote.points(run_id, key, 0):
            yield run_id, {key: packed}

    def _registered(self, found: RegisteredModel, versions: Sequence[ModelVersion]) -> Registered:
        return Registered(
            name=found.name,
            description=found.description or "",
            created=found.creation_timestamp or 0,
            updated=found.last_updated_timestamp or 0,
            tags={tag.key: tag.value or "" for tag in found.tags},
            aliases={each.alias: int(each.version) for each in found.aliases},
            versions=sorted(map(self._version, versions), key=lambda version: version.version),
        )

    def _version(self, found: ModelVersion) -> Version:
        source = found.source or ""
        try:
            query = {"name": found.name, "version": found.version}
            files = self._calls.get(DownloadUri, "model-versions/get-download-uri", **query).artifact_uri
        except RequestRejected:
            files = None
        return Version(
            version=found.version,
            source=source,
            files=files or source,
            run_id=found.run_id or "",
            model_id=found.model_id or "",
            run_link=found.run_link or "",
            description=found.description,
            stage=found.current_stage or "None",
            user=found.user_id or "",
            created=found.creation_timestamp or 0,
            updated=found.last_updated_timestamp or 0,
            tags={tag.key: tag.value or "" for tag in found.tags},
        )


class _Served:
    """Files that the server lists and sends."""

    def __init__(self, http: HttpClient, remote: MlflowRemote, entity: Entity, item_id: str) -> None:
        self._http = http
        self._remote = remote
        self._entity = entity
        self._id = item_id

    def files(self) -> dict[str, int]:
        try:
            return {path: file.size_bytes for path, file in self._remote.files(self._entity, self._id).items()}
        except RequestRejected as refused:
            raise Unreadable(str(refused)) from None

    def open(self, path: str) -> Iterator[bytes]:
        try:
            with closing(self._http.download(self._where(path))) as incoming:
                yield from incoming
        except RequestRejected as refused:
            raise Unreadable(str(refused)) from None
        except RemoteUnavailable as down:
            if down.status == BROKEN:
                raise Unreadable(str(down)) from None
            raise

    def _where(self, path: str) -> str:
        if self._entity is Entity.RUN:
            return "/get-artifact?" + urlencode({"run_uuid": self._id, "path": path})
        query = urlencode({"artifact_file_path": path})
        return f"/ajax-api/2.0/mlflow/logged-models/{quote(self._id)}/artifacts/files?{query}"


def _questions(runs: Sequence[Given]) -> Iterator[tuple[list[str], str]]:
    """Yield the runs and the metric of each request."""
    for key in sorted({key for run in runs for key in run.last}):
        ids = sorted(run.id for run in runs if key in run.last)
        for start in range(0, len(ids), BULK_RUNS):
            yield ids[start : start + BULK_RUNS], key


def _experiment(found: object) -> Given:
    experiment = decoded(Experiment, found)
    times = _times(experiment.creation_time, experiment.last_update_time)
    return Given(_plain(snapshot_of_experiment(experiment)), experiment.artifact_location or "", {}, times)


def _run(found: object) -> Given:
    run = decoded(Run, found)
    last = {each.key: (each.step or 0, each.timestamp or 0, float(each.value)) for each in run.data.metrics}
    return Given(_plain(snapshot_of_run(run)), run.info.artifact_uri or "", last)


def _model(found: object) -> Given:
    model = decoded(LoggedModel, found)
    times = _times(model.info.creation_timestamp_ms, model.info.last_updated_timestamp_ms)
    return Given(_plain(snapshot_of_model(model)), model.info.artifact_uri or "", {}, times)


def _plain(snapshot: Snapshot) -> Snapshot:
    return replace(
        snapshot, doc=plain({field: text for field, text in snapshot.doc.items() if field != fields.VERSION})
    )


def _times(created: int | None, updated: int | None) -> Doc:
    if created is None:
        return {}
    return {fields.CREATION_TIME: str(created), fields.LAST_UPDATE_TIME: str(updated or created)}
