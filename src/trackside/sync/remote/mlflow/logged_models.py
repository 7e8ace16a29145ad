"""Logged models of a server with MLflow's REST API, 3.0 or later."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from trackside.core.http_client.errors import RequestRejected
from trackside.sync import fields
from trackside.sync.document import Patch, of_kind
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local.reader import SOURCE_MODEL, SOURCE_WORKSPACE, Snapshot
from trackside.sync.remote.entries import read_each
from trackside.sync.remote.mlflow import run_changes
from trackside.sync.remote.mlflow.answers import Done, LoggedModelPage, OneLoggedModel
from trackside.sync.remote.mlflow.api import MAX_METRICS, Calls
from trackside.sync.remote.mlflow.shapes import LoggedModel, decoded
from trackside.sync.remote.mlflow.wire import API, batches, is_of_value, leaving_out, pairs, snapshot_of_model
from trackside.sync.remote.port import Unmirrored


class MlflowModels:
    def __init__(self, calls: Calls, source: str) -> None:
        self._calls = calls
        self._source = source

    def read(self, model_id: str) -> Snapshot:
        try:
            return snapshot_of_model(self._calls.get(OneLoggedModel, f"logged-models/{quote(model_id)}").model)
        except RequestRejected as refused:
            raise _unmirrored(refused) from None

    def find_copies(self, local_id: str, experiment_id: str) -> list[str]:
        filter_ = f"tags.`{SOURCE_MODEL}` = '{local_id}'"
        body = {"experiment_ids": [experiment_id], "filter": filter_, "max_results": 1}
        try:
            found = self._calls.ask(LoggedModelPage, "logged-models/search", body).models
        except RequestRejected as refused:
            raise _unmirrored(refused) from None
        return [decoded(LoggedModel, each).info.model_id for each in found]

    def search(self, experiment_ids: Sequence[str], token: str | None, most: int) -> run_changes.FoundModels:
        """Return a page of logged models, the most recently changed first."""
        body = {
            "experiment_ids": list(experiment_ids),
            "order_by": [{"field_name": "last_updated_timestamp", "ascending": False}],
            "max_results": most,
            "page_token": token,
        }
        page = self._calls.ask(LoggedModelPage, "logged-models/search", body)
        return read_each(page.models, snapshot_of_model, lambda each: each["info"]["model_id"]), page.next_page_token

    def make(self, local_id: str, experiment_id: str, patch: Patch) -> str:
        put = patch.put
        body = {
            "experiment_id": experiment_id,
            "name": put.get(fields.NAME),
            "model_type": put.get(fields.MODEL_TYPE),
            "source_run_id": put.get(fields.SOURCE_RUN),
            "tags": pairs({SOURCE_MODEL: local_id, SOURCE_WORKSPACE: self._source}),
        }
        try:
            return self._calls.ask(OneLoggedModel, "logged-models", body, idempotent=False).model.info.model_id
        except RequestRejected as refused:
            raise _unmirrored(refused) from None

    def change(self, model_id: str, patch: Patch) -> dict[Field, str]:
        """Change a logged model; return the fields that were left out, and why."""
        left_out: dict[Field, str] = {}
        http, path = self._calls.http, f"{API}/logged-models/{quote(model_id)}"
        if patch.put.get(fields.STAGE) == "active":
            self._calls.get(
                Done, f"logged-models/{quote(model_id)}"
            )  # a deletion is final; a missing model is created again
        params, tags = of_kind(patch.put, FieldKind.PARAM), of_kind(patch.put, FieldKind.TAG)
        left_out |= self._write(model_id, FieldKind.PARAM, "POST", params)
        left_out |= self._write(model_id, FieldKind.TAG, "PATCH", tags)
        for key in patch.dropped(FieldKind.TAG):
            http.json("DELETE", f"{path}/tags/{quote(key, safe='')}")
        status = patch.put.get(fields.STATUS)
        if status in ("READY", "FAILED"):
            word = "LOGGED_MODEL_READY" if status == "READY" else "LOGGED_MODEL_UPLOAD_FAILED"
            http.json("PATCH", path, {"model_id": model_id, "status": word})
        points: dict[str, list[dict[str, Any]]] = {}
        for text in of_kind(patch.put, FieldKind.POINT):
            key, step, timestamp, run_id, name, digest, value = json.loads(text)
            point = {"key": key, "step": step, "timestamp": timestamp, "value": value, "model_id": model_id}
            if name is not None:
                point |= {"dataset_name": name, "dataset_digest": digest}
            points.setdefault(run_id, []).append(point)
        for run_id, found in points.items():
            if not self._log_points(run_id, found):
                for field in patch.put:
                    if field.kind == FieldKind.POINT and json.loads(field.key)[3] == run_id:
                        left_out[field] = f"a point of the run {run_id} is left out: the remote does not have the run"
        if patch.put.get(fields.STAGE) == "deleted":
            self.remove(model_id)
        return left_out

    def _write(self, model_id: str, kind: FieldKind, method: str, given: dict[str, str]) -> dict[Field, str]:
        """Write values in one call; if the remote rejects some, one by one."""
        path = f"{API}/logged-models/{quote(model_id)}/{kind}s"
        left_out: dict[Field, str] = {}
        for part in batches(given):
            try:
                self._calls.http.json(method, path, {"model_id": model_id, f"{kind}s": pairs(part)})
                continue
            except RequestRejected as refused:
                if not is_of_value(refused):
                    raise
            for key, value in part.items():
                with leaving_out(left_out, Field(kind, key), f"its model {model_id}"):
                    self._calls.http.json(method, path, {"model_id": model_id, f"{kind}s": pairs({key: value})})
        return left_out

    def remove(self, model_id: str) -> None:
        self._calls.http.json("DELETE", f"{API}/logged-models/{quote(model_id)}")

    def _log_points(self, run_id: str, found: list[dict[str, Any]]) -> bool:
        """Log points of a logged model, also to a deleted run; return False if the run does not exist."""
        pages = [found[start : start + MAX_METRICS] for start in range(0, len(found), MAX_METRICS)]
        try:
            for page in pages:
                self._calls.log(run_id, metrics=page)
        except RequestRejected as refused:
            if refused.is_missing:
                return False
            if "'active' state" not in str(refused):
                raise
            self._calls.restore_run(run_id)
            for page in pages:
                self._calls.log(run_id, metrics=page)
            self._calls.post("runs/delete", {"run_id": run_id})
        return True


def _unmirrored(refused: RequestRejected) -> Exception:
    """Return the error for a refusal; Unmirrored if only newer releases have the call."""
    if refused.is_unknown_call:
        return Unmirrored("the remote's release does not support logged models")
    return refused
