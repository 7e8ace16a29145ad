"""Any server that speaks MLflow's REST API, 1.x to 3.x: it chooses ids, and tags say what a copy is a copy of.

What a release does not know (datasets before 2.4, logged models before 3.0) is left out, and said in the link's log.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from trackside.core.http.codec import wire_double
from trackside.links import polling
from trackside.links.diff import Doc, Field, Patch, Verb, of_kind
from trackside.links.files import Source
from trackside.links.model import Entity
from trackside.links.ours import NAME_TAG, SOURCE_MODEL, SOURCE_RUN, SOURCE_WORKSPACE, Part, Summary
from trackside.links.peer import RemoteFile, Seen, Unmirrored
from trackside.links.peers.contents import is_empty, is_trackside
from trackside.links.peers.mlflow_files import MlflowFiles, is_run, is_version
from trackside.links.peers.mlflow_registry import MlflowRegistry
from trackside.links.peers.mlflow_wire import (
    API,
    batches,
    mark,
    marks_of,
    pairs,
    part_of_experiment,
    part_of_model,
    part_of_run,
    shaped,
)
from trackside.links.wire import Down, Http, Incoming, Refused
from trackside.metrics.series import pack, unpack

MAX_METRICS = 1000
HISTORY_PAGE = 25_000
_NAMES = {"dataset": "datasets", "input": "models that a run read", "output": "models that a run made"}
_JSON = {"content-type": "application/json"}


class MlflowPeer:
    may_be_trackside = True  # which would take copies of copies for runs of its own
    keeps_ids = False
    unheard = 0  # there is no log

    def __init__(self, http: Http, source: str, wants: Callable[[str], bool] = lambda _: True) -> None:
        """`source` names our workspace in the tags of copies; `wants` says which experiments are polled."""
        self._http = http
        self._source = source
        self.left_out: dict[Field, str] = {}
        self._files = self.make_files()
        self.registry = self.make_registry()
        self._roots: dict[str, str] = {}  # the artifact roots of a few items
        self._poll = polling.Poll(
            self.search_experiments,
            self.search_runs,
            self.part_of_run,
            wants,
            http.now,
            search_models=self.search_models,
        )

    def make_files(self) -> MlflowFiles:
        return MlflowFiles(self._http, self.root)

    def make_registry(self) -> MlflowRegistry:
        return MlflowRegistry(self._http, self, self._source)

    @property
    def answered(self) -> int:
        return self._http.answered

    def can(self, entity: Entity, field: Field, verb: Verb) -> bool:
        kind = field[0]
        match entity:
            case Entity.EXPERIMENT:
                return kind in ("name", "stage", "tag")
            case Entity.MODEL:
                return kind in ("tag", "status", "stage", "point") or (kind == "param" and verb == "add")
        if kind in ("name", "status", "stage"):
            return verb != "drop"
        if kind == "end_time":
            return verb != "drop"
        return kind == "tag" or (verb == "add" and kind in ("param", "dataset", "input", "output"))

    def read(self, entity: Entity, remote_id: str) -> Part | None:
        try:
            match entity:
                case Entity.EXPERIMENT:
                    found = self._get("experiments/get", experiment_id=remote_id)["experiment"]
                    return part_of_experiment(found)
                case Entity.RUN:
                    return self.part_of_run(self._get("runs/get", run_id=remote_id)["run"])
                case _:
                    return part_of_model(self._get(f"logged-models/{quote(remote_id)}")["model"])
        except Refused as refused:
            if refused.is_missing:
                return None
            raise _unmirrored(refused, entity) from None

    def find_experiment(self, name: str) -> str | None:
        try:
            return str(self._get("experiments/get-by-name", experiment_name=name)["experiment"]["experiment_id"])
        except Refused as refused:
            if refused.is_missing:
                return None
            raise

    def make_experiment(self, name: str) -> str:
        try:
            return str(self._post("experiments/create", {"name": name})["experiment_id"])
        except Refused as refused:
            found = self.find_experiment(name) if refused.code == "RESOURCE_ALREADY_EXISTS" else None
            if found is None:
                raise
            return found

    def find_copy(self, entity: Entity, local_id: str, experiment_id: str, *, is_brought: bool) -> str | None:
        """One search for each item that is about to be made; of several copies the one that began first."""
        if entity is Entity.RUN:
            body = {
                "experiment_ids": [experiment_id],
                "filter": f"tags.`{SOURCE_RUN}` = '{local_id}'",
                "run_view_type": "ALL",
                "order_by": ["attributes.start_time ASC"],
                "max_results": 1,
            }
            found = [each["info"]["run_id"] for each in self._post("runs/search", body).get("runs", [])]
        else:
            filter_ = f"tags.`{SOURCE_MODEL}` = '{local_id}'"
            body = {"experiment_ids": [experiment_id], "filter": filter_, "max_results": 1}
            try:
                found = [
                    each["info"]["model_id"] for each in self._post("logged-models/search", body).get("models", [])
                ]
            except Refused as refused:
                raise _unmirrored(refused, entity) from None
        if not found and is_brought and self.read(entity, local_id) is not None:
            return local_id  # there it is from
        return str(found[0]) if found else None

    def make(self, entity: Entity, local_id: str, experiment_id: str, patch: Patch) -> str:
        put = patch.put
        if self.may_be_trackside and is_trackside(self._http):
            raise Down(f"{self._http.url} is a Trackside, not an MLflow server; add the link anew, without kind", 60.0)
        self.may_be_trackside = False
        if entity is Entity.MODEL:
            return self._make_model(local_id, experiment_id, put)
        name = put.get(("name", ""), "")
        tags = {SOURCE_RUN: local_id, SOURCE_WORKSPACE: self._source}
        if name:
            tags[NAME_TAG] = name
        body = {
            "experiment_id": experiment_id,
            "user_id": put.get(("user", ""), ""),
            "start_time": int(put.get(("start_time", ""), "0")),
            "run_name": name,
            "tags": pairs(tags),
        }
        try:
            made = self._post("runs/create", body, once=True)
        except Refused as refused:
            if "'active' state" not in str(refused):
                raise
            # A run of a deleted experiment: it comes, and the experiment goes again, with it.
            self._post("experiments/restore", {"experiment_id": experiment_id})
            made = self._post("runs/create", body, once=True)
            self.change(Entity.RUN, str(made["run"]["info"]["run_id"]), experiment_id, patch)
            self._post("experiments/delete", {"experiment_id": experiment_id})
            return str(made["run"]["info"]["run_id"])
        return str(made["run"]["info"]["run_id"])

    def change(self, entity: Entity, remote_id: str, experiment_id: str, patch: Patch) -> None:
        del experiment_id
        match entity:
            case Entity.EXPERIMENT:
                self._change_experiment(remote_id, patch)
            case Entity.RUN:
                self._change_run(remote_id, patch)
            case _:
                self._change_model(remote_id, patch)

    def remove(self, entity: Entity, remote_id: str) -> None:
        if entity is Entity.MODEL:
            self._http.json("DELETE", f"{API}/logged-models/{quote(remote_id)}")
        else:
            self._post(f"{entity}s/delete", {f"{entity}_id": remote_id})

    def is_empty(self, experiment_id: str) -> bool:
        return is_empty(self._http, experiment_id)

    def send_points(self, run_id: str, series: Mapping[str, bytes]) -> None:
        batch: list[dict[str, Any]] = []
        for key, packed in series.items():
            for step, timestamp, value in unpack(packed):
                batch.append({"key": key, "value": wire_double(value), "timestamp": timestamp, "step": step})
                if len(batch) == MAX_METRICS:
                    self._log(run_id, metrics=batch)
                    batch = []
        if batch:
            self._log(run_id, metrics=batch)

    def series(self, run_id: str) -> dict[str, str]:
        """The last point: all that MLflow tells without reading a history."""
        return marks_of(self._get("runs/get", run_id=run_id)["run"].get("data", {}).get("metrics", []))

    def mark_of(self, summary: Summary) -> str:
        return mark(*summary.last)

    def points(self, run_id: str, key: str, after_chunk: int) -> Iterator[tuple[int, bytes]]:
        del after_chunk
        token: str | None = None
        while True:
            page = self._get(
                "metrics/get-history", run_id=run_id, metric_key=key, max_results=HISTORY_PAGE, page_token=token
            )
            rows = [
                (int(each.get("step", 0)), int(each.get("timestamp", 0)), float(each["value"]))
                for each in page.get("metrics", [])
            ]
            if rows:
                yield 0, pack(rows)
            token = page.get("next_page_token")
            if not token:
                return

    def files(self, entity: Entity, remote_id: str) -> dict[str, RemoteFile]:
        return self._files.all_of(entity, remote_id)

    def has_files(self) -> bool:
        return self._files.has_any()

    def digest(self, entity: Entity, remote_id: str, path: str) -> RemoteFile | None:
        del entity, remote_id, path
        return None

    def send_file(self, entity: Entity, remote_id: str, path: str, source: Source) -> RemoteFile:
        return self._files.send(entity, remote_id, path, source)

    def get_file(self, entity: Entity, remote_id: str, path: str, start: int = 0, etag: str = "") -> Incoming:
        return self._files.get(entity, remote_id, path, start, etag)

    def remove_file(self, entity: Entity, remote_id: str, path: str) -> None:
        self._files.remove(entity, remote_id, path)

    def changes(self, cursor: str) -> tuple[list[Seen], str, bool]:
        return self._poll.changes(cursor)

    def everything(self, cursor: str) -> tuple[list[Seen], str]:
        seen, following, more = self._poll.changes(cursor)
        return seen, following if more else ""

    def end_of_changes(self) -> str:
        return self._poll.end()

    def close(self) -> None:
        self._http.close()

    def search_experiments(self, token: str | None) -> tuple[list[Part], str | None]:
        page = self._post("experiments/search", {"view_type": "ALL", "max_results": 1000, "page_token": token})
        return [part_of_experiment(each) for each in page.get("experiments", [])], page.get("next_page_token")

    def search_runs(
        self, experiment_ids: Sequence[str], filter_: str, token: str | None, most: int
    ) -> tuple[list[dict[str, Any]], str | None]:
        body = {
            "experiment_ids": list(experiment_ids),
            "filter": filter_,
            "run_view_type": "ALL",
            "max_results": most,
            "page_token": token,
        }
        page = self._post("runs/search", body)
        return page.get("runs", []), page.get("next_page_token")

    def search_models(self, experiment_ids: Sequence[str], token: str | None, most: int) -> polling.FoundModels:
        """Those that were changed last come first."""
        body = {
            "experiment_ids": list(experiment_ids),
            "order_by": [{"field_name": "last_updated_timestamp", "ascending": False}],
            "max_results": most,
            "page_token": token,
        }
        page = self._post("logged-models/search", body)
        return [part_of_model(each) for each in page.get("models", [])], page.get("next_page_token")

    def part_of_run(self, found: dict[str, Any]) -> Part:
        return part_of_run(found)

    def _change_experiment(self, remote_id: str, patch: Patch) -> None:
        name = patch.put.get(("name", ""))
        stage = patch.put.get(("stage", ""))
        if stage == "active":
            self._unless_missing("experiments/restore", {"experiment_id": remote_id})
        if name is not None:
            self._post("experiments/update", {"experiment_id": remote_id, "new_name": name})
        for key, value in of_kind(patch.put, "tag").items():
            self._post("experiments/set-experiment-tag", {"experiment_id": remote_id, "key": key, "value": value})
        for kind, key in patch.drop:
            if kind == "tag":
                try:
                    self._unless_missing("experiments/delete-experiment-tag", {"experiment_id": remote_id, "key": key})
                except Refused as refused:
                    if not refused.is_unknown_call:
                        raise
                    self.left_out[kind, key] = f"the remote's release cannot delete the tag {key!r} of an experiment"
        if stage == "deleted" and remote_id != "0":
            self._unless_missing("experiments/delete", {"experiment_id": remote_id})

    def _change_run(self, run_id: str, patch: Patch) -> None:
        stage = patch.put.get(("stage", ""))
        was_deleted = False
        if stage == "active":
            self._restore(run_id)
        try:
            self._write_run(run_id, patch)
        except Refused as refused:
            if "'active' state" not in str(refused) and "lifecycle_stage" not in str(refused):
                raise
            self._restore(run_id)
            was_deleted = True
            self._write_run(run_id, patch)
        if stage == "deleted" or (was_deleted and stage is None):
            self._post("runs/delete", {"run_id": run_id})

    def _restore(self, run_id: str) -> None:
        try:
            self._post("runs/restore", {"run_id": run_id})
        except Refused as refused:
            if "must be in the 'deleted'" not in str(refused):
                raise

    def _write_run(self, run_id: str, patch: Patch) -> None:
        params, tags = of_kind(patch.put, "param"), of_kind(patch.put, "tag")
        for part in batches(params):
            self._log_or_each(run_id, "param", part)
        for part in batches(tags):
            self._log_or_each(run_id, "tag", part)
        for kind, key in patch.drop:
            if kind == "tag":
                self._unless_missing("runs/delete-tag", {"run_id": run_id, "key": key})
        self._write_edges(run_id, patch)
        update: dict[str, Any] = {}
        if ("name", "") in patch.put:
            update["run_name"] = patch.put["name", ""]
        if ("status", "") in patch.put:
            update["status"] = patch.put["status", ""]
        if ("end_time", "") in patch.put:
            update["end_time"] = int(patch.put["end_time", ""])
        if "status" not in update or "end_time" not in update:
            update = {**self._ended(run_id), **update} if update else {}  # MLflow 1 forgets what a call does not say
        if update:
            self._post("runs/update", {"run_id": run_id, **update})

    def _ended(self, run_id: str) -> dict[str, Any]:
        info = self._get("runs/get", run_id=run_id)["run"]["info"]
        return {"status": info["status"], **({"end_time": info["end_time"]} if info.get("end_time") else {})}

    def _write_edges(self, run_id: str, patch: Patch) -> None:
        datasets = []
        for key, value in of_kind(patch.put, "dataset").items():
            name, digest = json.loads(key)
            fields = {k: v for k, v in json.loads(value).items() if v is not None}
            tags = fields.pop("tags", {})
            datasets.append({"dataset": {"name": name, "digest": digest, **fields}, "tags": pairs(tags)})
        inputs = [{"model_id": model_id} for model_id in of_kind(patch.put, "input")]
        outputs = [{"model_id": m, "step": int(step)} for m, step in of_kind(patch.put, "output").items()]
        if datasets or inputs:
            body: dict[str, Any] = {"run_id": run_id, "datasets": datasets}
            self._where_known(
                patch, "runs/log-inputs", {**body, "models": inputs} if inputs else body, "dataset", "input"
            )
        if outputs:
            self._where_known(patch, "runs/outputs", {"run_id": run_id, "models": outputs}, "output")

    def _make_model(self, local_id: str, experiment_id: str, put: Doc) -> str:
        body = {
            "experiment_id": experiment_id,
            "name": put.get(("name", "")),
            "model_type": put.get(("model_type", "")),
            "source_run_id": put.get(("source_run", "")),
            "tags": pairs({SOURCE_MODEL: local_id, SOURCE_WORKSPACE: self._source}),
        }
        try:
            return str(self._post("logged-models", body, once=True)["model"]["info"]["model_id"])
        except Refused as refused:
            raise _unmirrored(refused, Entity.MODEL) from None

    def _change_model(self, model_id: str, patch: Patch) -> None:
        path = f"{API}/logged-models/{quote(model_id)}"
        if patch.put.get(("stage", "")) == "active":
            self._get(f"logged-models/{quote(model_id)}")  # there is no way back: one that is not shown is made anew
        params, tags = of_kind(patch.put, "param"), of_kind(patch.put, "tag")
        if params:
            self._http.json("POST", f"{path}/params", {"model_id": model_id, "params": pairs(params)})
        if tags:
            self._http.json("PATCH", f"{path}/tags", {"model_id": model_id, "tags": pairs(tags)})
        for kind, key in patch.drop:
            if kind == "tag":
                self._http.json("DELETE", f"{path}/tags/{quote(key, safe='')}")
        status = patch.put.get(("status", ""))
        if status in ("READY", "FAILED"):
            word = "LOGGED_MODEL_READY" if status == "READY" else "LOGGED_MODEL_UPLOAD_FAILED"
            self._http.json("PATCH", path, {"model_id": model_id, "status": word})
        points: dict[str, list[dict[str, Any]]] = {}
        for text in of_kind(patch.put, "point"):
            key, step, timestamp, run_id, name, digest, value = json.loads(text)
            point = {"key": key, "step": step, "timestamp": timestamp, "value": value, "model_id": model_id}
            if name is not None:
                point |= {"dataset_name": name, "dataset_digest": digest}
            points.setdefault(run_id, []).append(point)
        for run_id, found in points.items():
            if not self._log_points(run_id, found):
                for field in patch.put:
                    if field[0] == "point" and json.loads(field[1])[3] == run_id:
                        self.left_out[field] = f"a point of the run {run_id} is left out: that run is not there"
        if patch.put.get(("stage", "")) == "deleted":
            self.remove(Entity.MODEL, model_id)

    def _log_points(self, run_id: str, found: list[dict[str, Any]]) -> bool:
        """Points of a logged model, also to a deleted run; False if the run is not there."""
        pages = [found[start : start + MAX_METRICS] for start in range(0, len(found), MAX_METRICS)]
        try:
            for page in pages:
                self._log(run_id, metrics=page)
        except Refused as refused:
            if refused.is_missing:
                return False
            if "'active' state" not in str(refused):
                raise
            self._restore(run_id)
            for page in pages:
                self._log(run_id, metrics=page)
            self._post("runs/delete", {"run_id": run_id})
        return True

    def _log_or_each(self, run_id: str, what: str, part: dict[str, str]) -> None:
        """A batch; where the remote takes some of it only (a value too long for its release), one by one."""
        try:
            self._log(run_id, **{f"{what}s": pairs(part)})
        except Refused as refused:
            if refused.is_missing or "'active' state" in str(refused):
                raise
            call = "runs/log-parameter" if what == "param" else "runs/set-tag"
            for key, value in part.items():
                try:
                    self._post(call, {"run_id": run_id, "key": key, "value": value})
                except Refused as one:
                    self.left_out[what, key] = f"the remote does not take the {what} {key!r} of its run {run_id}: {one}"

    def _log(self, run_id: str, **what: Any) -> None:
        body = msgspec.json.encode({"run_id": run_id, **what})
        self._http.call("POST", f"{API}/runs/log-batch", body, _JSON)

    def root(self, entity: Entity, remote_id: str) -> str:
        """Where the artifacts of a run, a logged model or a version lie."""
        known = self._roots.get(remote_id)
        if known is not None:
            return known
        if is_version(entity, remote_id):
            root = self.registry.download_uri(remote_id)
        elif is_run(entity):
            root = str(self._get("runs/get", run_id=remote_id)["run"]["info"].get("artifact_uri", ""))
        else:
            root = str(self._get(f"logged-models/{quote(remote_id)}")["model"]["info"].get("artifact_uri", ""))
        if len(self._roots) > 100:
            self._roots.clear()
        self._roots[remote_id] = root
        return root

    def _where_known(self, patch: Patch, path: str, body: Any, *kinds: str) -> None:
        try:
            self._post(path, body)
        except Refused as refused:
            if not refused.is_unknown_call:
                raise
            for field in patch.put:
                if field[0] in kinds:
                    self.left_out[field] = (
                        f"the remote's release has no place for {_NAMES[field[0]]}; they were left out"
                    )

    def _unless_missing(self, path: str, body: Any) -> None:
        try:
            self._post(path, body)
        except Refused as refused:
            if not refused.is_missing:
                raise

    def _get(self, path: str, **query: Any) -> Any:
        return shaped(self._http, self._http.json("GET", f"{API}/{path}", None, **query))

    def _post(self, path: str, body: Any, *, once: bool = False) -> Any:
        given = {key: value for key, value in body.items() if value is not None}
        return shaped(self._http, self._http.json("POST", f"{API}/{path}", given, once=once))


def _unmirrored(refused: Refused, entity: Entity) -> Exception:
    """What a refusal of a call says, where only newer releases have it."""
    if entity is Entity.MODEL and refused.is_unknown_call:
        return Unmirrored("the remote's release does not know logged models")
    return refused
