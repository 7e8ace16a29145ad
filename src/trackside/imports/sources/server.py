"""A running MLflow server, 1.30 to 3.x, by its REST API.  Rides on the peer that links have for such a server."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from trackside.core.http.codec import wire_double
from trackside.core.http_client.client import Down, Http, Refused
from trackside.evaluation_datasets.whole_record import Record
from trackside.imports.patience import BROKEN
from trackside.imports.places import Finder, Folder, Nowhere
from trackside.imports.source import PAGE, Given, Place, Registered, SourceError, Traced, Unreadable, Version, grouped
from trackside.imports.sources import server_traces
from trackside.metrics.series import Point, canonical, pack
from trackside.sync import fields
from trackside.sync.document import Doc
from trackside.sync.entities import Entity
from trackside.sync.fields import FieldKind
from trackside.sync.local.reader import OWN_TAGS, Part
from trackside.sync.remote.mlflow.answers import OneRun
from trackside.sync.remote.mlflow.client import MlflowPeer
from trackside.sync.remote.mlflow.datasets import MlflowDatasets
from trackside.sync.remote.mlflow.shapes import Run, decoded
from trackside.sync.remote.mlflow.wire import API, part_of_experiment, part_of_model, part_of_run, proxied_path
from trackside.sync.remote.paging import Pages

BULK = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
BULK_RUNS, BULK_POINTS = 100, 25_000  # what one answer holds
HISTORIES = 4  # answers of that kind in memory at once
GROUP = 50  # experiments in one search
_run_of = itemgetter("run_id")
_PROMPTS = "tags.`mlflow.prompt.is_prompt` = 'true'"


class ServerSource:
    def __init__(self, http: Http, finder: Finder) -> None:
        """`finder`: places that this machine reaches; the server's proxy is one of them."""
        self._http = http
        self._peer = MlflowPeer(http, "")
        self._datasets = MlflowDatasets(http, "")
        self._finder = finder
        self._threads = ThreadPoolExecutor(HISTORIES, "import-history")
        self._has_bulk = True
        self.left_out: list[str] = []
        try:
            self._experiments = list(self._all_experiments())
        except Refused as refused:
            raise SourceError(f"{http.url} does not answer as an MLflow server does ({refused})") from None
        self._ids = [given.id for given in self._experiments]
        self._has_models = any(True for _ in self._search_models(self._ids, 1))

    def count(self) -> None:
        return None

    def experiments(self) -> list[Given]:
        return self._experiments

    def runs(self) -> Iterator[list[Given]]:
        for start in range(0, len(self._ids), GROUP):
            token: str | None = None
            pages = Pages("runs/search")
            while True:
                found, token = self._peer.search_runs(self._ids[start : start + GROUP], "", token, PAGE)
                if found:
                    yield [_run(each) for each in found]
                token = pages.next(token, found)
                if not token:
                    break

    def whole(self, run: Given) -> Given:
        """A search does not tell which models went into a run."""
        if not self._has_models:
            return run
        return _run(decoded(OneRun, self._http.json("GET", f"{API}/runs/get", None, run_id=run.id)).run)

    def points(self, runs: Sequence[Given]) -> Iterator[tuple[str, Mapping[str, bytes]]]:
        """A few answers are asked for at once, since each takes the server long."""
        asked: deque[tuple[list[str], str, Future[list[dict[str, Any]] | None]]] = deque()
        for ids, key in _questions(runs):
            asked.append((ids, key, self._threads.submit(self._bulk, ids, key)))
            if len(asked) >= HISTORIES:
                yield from self._answer(*asked.popleft())
        while asked:
            yield from self._answer(*asked.popleft())

    def models(self) -> Iterator[list[Given]]:
        for start in range(0, len(self._ids), GROUP):
            yield from grouped(map(_model, self._search_models(self._ids[start : start + GROUP], 100)))

    def traces(self) -> Iterator[list[Traced]]:
        for start in range(0, len(self._ids), GROUP):
            yield from server_traces.pages(self._http, self._ids[start : start + GROUP], self.left_out.append)

    def registered(self) -> Iterator[Registered]:
        versions: dict[str, list[dict[str, Any]]] = {}
        try:
            for each in self._pages("model-versions/search", "model_versions", max_results=1000):
                versions.setdefault(each["name"], []).append(each)
            models = list(self._pages("registered-models/search", "registered_models", max_results=200))
        except Refused as refused:
            self.left_out.append(f"registered models: {refused}")
            return
        try:
            prompts = list(
                self._pages("registered-models/search", "registered_models", max_results=200, filter=_PROMPTS)
            )
        except Refused:
            prompts = []  # a release before prompts
        found = {each["name"]: each for each in (*models, *prompts)}
        for each in prompts:
            if each["name"] not in versions:
                name = each["name"].replace("'", "\\'")
                wanted = f"name = '{name}'"
                versions[each["name"]] = list(
                    self._pages("model-versions/search", "model_versions", max_results=1000, filter=wanted)
                )
        for name in sorted(found):
            yield self._registered(found[name], versions.get(name, []))

    def datasets(self) -> Iterator[Given]:
        try:
            if not self._datasets.is_known:
                return
            for found in self._datasets.everything():
                part = self._datasets.read(found.item_id)
                if part is not None:
                    yield Given(_plain(part))
        except Refused as refused:
            if refused.status != BROKEN:  # the server keeps all in a folder, and fails at the call
                self.left_out.append(f"evaluation datasets: {refused}")

    def records(self, dataset: Given) -> Iterator[Record]:
        for page in self._datasets.pages(dataset.id):
            yield from page

    def place(self, entity: Entity, item: Given) -> Place:
        """By the server, unless the files are found without it: behind its proxy, or where `--artifacts` says."""
        place = self._finder.at(item.artifact_uri)
        is_found = place.is_there if isinstance(place, Folder) else not isinstance(place, Nowhere)
        if is_found or proxied_path(item.artifact_uri) is not None:
            return place
        return _Served(self._http, self._peer, entity, item.id)

    def place_of(self, uri: str) -> Place:
        if uri.partition(":")[0] in ("runs", "models"):
            return Nowhere(f"{uri} names files that the source does not have any more")
        return self._finder.of_version(uri)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._finder.close()
        self._peer.close()

    def _all_experiments(self) -> Iterator[Given]:
        token: str | None = None
        pages = Pages("experiments/search")
        while True:
            body = {"view_type": "ALL", "max_results": 1000, "page_token": token}
            page = self._http.json("POST", f"{API}/experiments/search", {k: v for k, v in body.items() if v})
            experiments = page.get("experiments", [])
            for found in experiments:
                times = _times(found.get("creation_time"), found.get("last_update_time"))
                yield Given(_plain(part_of_experiment(found)), found.get("artifact_location", ""), {}, times)
            token = pages.next(page.get("next_page_token"), experiments)
            if not token:
                return

    def _search_models(self, experiment_ids: Sequence[str], most: int) -> Iterator[dict[str, Any]]:
        token: str | None = None
        pages = Pages("logged-models/search")
        while experiment_ids:
            body = {"experiment_ids": list(experiment_ids), "max_results": most, "page_token": token}
            try:
                page = self._http.json("POST", f"{API}/logged-models/search", {k: v for k, v in body.items() if v})
            except Refused as refused:
                if refused.status in (404, 405):  # a release before 3.0
                    return
                raise
            found = page.get("models", [])
            yield from found
            token = pages.next(page.get("next_page_token"), found)
            if not token:
                return

    def _answer(
        self, ids: list[str], key: str, future: "Future[list[dict[str, Any]] | None]"
    ) -> Iterator[tuple[str, Mapping[str, bytes]]]:
        rows = future.result()
        if rows is None:
            for run_id in ids:
                yield from self._page_by_page(run_id, key)
            return
        found = [(run_id, pack([_point(row) for row in of_run])) for run_id, of_run in groupby(rows, _run_of)]
        if len(rows) < BULK_POINTS:
            yield from ((run_id, {key: packed}) for run_id, packed in found)
            return
        # It goes run by run, and ends in the middle of the last one.
        *whole, (last, _) = found
        yield from ((run_id, {key: packed}) for run_id, packed in whole)
        had = {run_id for run_id, _ in whole}
        if not whole:
            yield from self._page_by_page(last, key)
            had.add(last)
        rest = [run_id for run_id in ids if run_id not in had]
        if rest:
            yield from self._answer(rest, key, self._threads.submit(self._bulk, rest, key))

    def _bulk(self, ids: Sequence[str], key: str) -> list[dict[str, Any]] | None:
        """Points of a metric, run by run, as many as one answer holds; None where the source has no such call."""
        if not self._has_bulk:
            return None
        query = urlencode({"run_id": list(ids), "metric_key": key, "max_results": BULK_POINTS}, doseq=True)
        try:
            found: list[dict[str, Any]] = self._http.json("GET", f"{BULK}?{query}").get("metrics", [])
        except Refused as refused:
            self._has_bulk = not refused.is_unknown_call
            return None
        is_in_order = len({each["run_id"] for each in found}) == sum(1 for _ in groupby(found, _run_of))
        return found if is_in_order else None

    def _page_by_page(self, run_id: str, key: str) -> Iterator[tuple[str, Mapping[str, bytes]]]:
        for _, packed in self._peer.points(run_id, key, 0):
            yield run_id, {key: packed}

    def _pages(self, call: str, what: str, **query: Any) -> Iterator[dict[str, Any]]:
        token: str | None = None
        pages = Pages(call)
        while True:
            page = self._http.json("GET", f"{API}/{call}", None, **query, page_token=token)
            found = page.get(what, [])
            yield from found
            token = pages.next(page.get("next_page_token"), found)
            if not token:
                return

    def _registered(self, found: dict[str, Any], versions: Sequence[dict[str, Any]]) -> Registered:
        aliases = {each["alias"]: int(each["version"]) for each in found.get("aliases", [])}
        return Registered(
            name=found["name"],
            description=found.get("description", ""),
            created=int(found.get("creation_timestamp") or 0),
            updated=int(found.get("last_updated_timestamp") or 0),
            tags={tag["key"]: tag.get("value", "") for tag in found.get("tags", [])},
            aliases=aliases,
            versions=sorted((self._version(each) for each in versions), key=lambda version: version.version),
        )

    def _version(self, found: dict[str, Any]) -> Version:
        try:
            query = {"name": found["name"], "version": found["version"]}
            files = self._http.json("GET", f"{API}/model-versions/get-download-uri", **query).get("artifact_uri", "")
        except Refused:
            files = ""
        return Version(
            version=int(found["version"]),
            source=found.get("source", ""),
            files=files or found.get("source", ""),
            run_id=found.get("run_id", ""),
            model_id=found.get("model_id", ""),
            run_link=found.get("run_link", ""),
            description=found.get("description"),
            stage=found.get("current_stage") or "None",
            user=found.get("user_id", ""),
            created=int(found.get("creation_timestamp") or 0),
            updated=int(found.get("last_updated_timestamp") or 0),
            tags={tag["key"]: tag.get("value", "") for tag in found.get("tags", [])},
        )


class _Served:
    """Files that the server lists and sends, wherever it keeps them."""

    def __init__(self, http: Http, peer: MlflowPeer, entity: Entity, item_id: str) -> None:
        self._http = http
        self._peer = peer
        self._entity = entity
        self._id = item_id

    def files(self) -> dict[str, int]:
        try:
            return {path: file.size_bytes for path, file in self._peer.files(self._entity, self._id).items()}
        except Refused as refused:
            raise Unreadable(str(refused)) from None

    def open(self, path: str) -> Iterator[bytes]:
        try:
            with closing(self._http.download(self._where(path))) as incoming:
                yield from incoming
        except Refused as refused:
            raise Unreadable(str(refused)) from None
        except Down as down:
            if down.status == BROKEN:
                raise Unreadable(str(down)) from None
            raise

    def _where(self, path: str) -> str:
        if self._entity is Entity.RUN:
            return "/get-artifact?" + urlencode({"run_uuid": self._id, "path": path})
        query = urlencode({"artifact_file_path": path})
        return f"/ajax-api/2.0/mlflow/logged-models/{quote(self._id)}/artifacts/files?{query}"


def _questions(runs: Sequence[Given]) -> Iterator[tuple[list[str], str]]:
    """Which runs are asked for which metric at once."""
    for key in sorted({key for run in runs for key in run.last}):
        ids = sorted(run.id for run in runs if key in run.last)
        for start in range(0, len(ids), BULK_RUNS):
            yield ids[start : start + BULK_RUNS], key


def _run(run: Run) -> Given:
    last = {each.key: (each.step or 0, each.timestamp or 0, float(each.value)) for each in run.data.metrics}
    return Given(_plain(part_of_run(run)), run.info.artifact_uri or "", last)


def _model(found: dict[str, Any]) -> Given:
    info = found["info"]
    times = _times(info.get("creation_timestamp_ms"), info.get("last_updated_timestamp_ms"))
    metrics = [
        {**each, "value": wire_double(canonical(float(each["value"])))}
        for each in found.get("data", {}).get("metrics", [])
    ]
    data = {**found.get("data", {}), "metrics": metrics}
    return Given(_plain(part_of_model({**found, "data": data})), info.get("artifact_uri", ""), {}, times)


def _plain(part: Part) -> Part:
    """Without the tags that say what a copy is a copy of: here it is the run itself."""
    doc: Doc = {
        field: value
        for field, value in part.doc.items()
        if field != fields.VERSION and not (field.kind is FieldKind.TAG and field.key in OWN_TAGS)
    }
    return msgspec.structs.replace(part, doc=doc)


def _times(created: Any, updated: Any) -> Doc:
    if created is None:
        return {}
    return {fields.CREATION_TIME: str(created), fields.LAST_UPDATE_TIME: str(updated or created)}


def _point(each: Mapping[str, Any]) -> Point:
    return int(each.get("step", 0)), int(each.get("timestamp", 0)), float(each["value"])
