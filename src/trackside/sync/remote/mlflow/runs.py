"""Creates and changes runs of a server with MLflow's REST API."""

import json
from typing import Any

from trackside.core.http_client.errors import RequestRejected
from trackside.sync import fields
from trackside.sync.document import Patch, of_kind
from trackside.sync.fields import Field, FieldKind
from trackside.sync.item_documents import NAME_TAG
from trackside.sync.local.reader import SOURCE_RUN, SOURCE_WORKSPACE
from trackside.sync.remote.mlflow.answers import OneRun, RunPage
from trackside.sync.remote.mlflow.api import Calls
from trackside.sync.remote.mlflow.shapes import Run, decoded
from trackside.sync.remote.mlflow.wire import batches, pairs

_NAMES = {
    FieldKind.DATASET: "datasets",
    FieldKind.INPUT: "models that a run read",
    FieldKind.OUTPUT: "models that a run made",
}


class MlflowRuns:
    def __init__(self, calls: Calls, source: str) -> None:
        self._calls = calls
        self._source = source

    def find_copies(self, local_id: str, experiment_id: str) -> list[str]:
        """Return the ids of copies, the one that began first in front."""
        body = {
            "experiment_ids": [experiment_id],
            "filter": f"tags.`{SOURCE_RUN}` = '{local_id}'",
            "run_view_type": "ALL",
            "order_by": ["attributes.start_time ASC"],
            "max_results": 1,
        }
        return [decoded(Run, each).id for each in self._calls.ask(RunPage, "runs/search", body).runs]

    def make(self, local_id: str, experiment_id: str, patch: Patch) -> str:
        """Create a run and return its id.  Fields that the remote rejects at the creation are sent again by a change."""
        put = patch.put
        name = put.get(fields.NAME, "")
        tags = {SOURCE_RUN: local_id, SOURCE_WORKSPACE: self._source}
        if name:
            tags[NAME_TAG] = name
        body = {
            "experiment_id": experiment_id,
            "user_id": put.get(fields.USER, ""),
            "start_time": int(put.get(fields.START_TIME, "0")),
            "run_name": name,
            "tags": pairs(tags),
        }
        try:
            return self._make(body)
        except RequestRejected as refused:
            if "'active' state" not in str(refused):
                raise
        # A run of a deleted experiment: the experiment is restored for the creation and deleted again, with the run.
        self._calls.post("experiments/restore", {"experiment_id": experiment_id})
        run_id = self._make(body)
        self.change(run_id, patch)
        self._calls.post("experiments/delete", {"experiment_id": experiment_id})
        return run_id

    def change(self, run_id: str, patch: Patch) -> dict[Field, str]:
        """Change a run; return the fields that were left out, and why."""
        stage = patch.put.get(fields.STAGE)
        was_deleted = False
        if stage == "active":
            self._calls.restore_run(run_id)
        try:
            left_out = self._write(run_id, patch)
        except RequestRejected as refused:
            if "'active' state" not in str(refused) and "lifecycle_stage" not in str(refused):
                raise
            self._calls.restore_run(run_id)
            was_deleted = True
            left_out = self._write(run_id, patch)
        if stage == "deleted" or (was_deleted and stage is None):
            self._calls.post("runs/delete", {"run_id": run_id})
        return left_out

    def _make(self, body: dict[str, Any]) -> str:
        return self._calls.ask(OneRun, "runs/create", body, idempotent=False).run.id

    def _write(self, run_id: str, patch: Patch) -> dict[Field, str]:
        left_out: dict[Field, str] = {}
        params, tags = of_kind(patch.put, FieldKind.PARAM), of_kind(patch.put, FieldKind.TAG)
        for part in batches(params):
            left_out |= self._log_or_each(run_id, FieldKind.PARAM, part)
        for part in batches(tags):
            left_out |= self._log_or_each(run_id, FieldKind.TAG, part)
        for key in patch.dropped(FieldKind.TAG):
            self._calls.unless_missing("runs/delete-tag", {"run_id": run_id, "key": key})
        left_out |= self._write_edges(run_id, patch)
        update: dict[str, Any] = {}
        if fields.NAME in patch.put:
            update["run_name"] = patch.put[fields.NAME]
        if fields.STATUS in patch.put:
            update["status"] = patch.put[fields.STATUS]
        if fields.END_TIME in patch.put:
            update["end_time"] = int(patch.put[fields.END_TIME])
        if "status" not in update or "end_time" not in update:
            update = {**self._ended(run_id), **update} if update else {}  # MLflow 1 resets values that a call omits
        if update:
            self._calls.post("runs/update", {"run_id": run_id, **update})
        return left_out

    def _ended(self, run_id: str) -> dict[str, Any]:
        info = self._calls.get(OneRun, "runs/get", run_id=run_id).run.info
        return {"status": info.status, **({"end_time": info.end_time} if info.end_time else {})}

    def _write_edges(self, run_id: str, patch: Patch) -> dict[Field, str]:
        left_out: dict[Field, str] = {}
        datasets = []
        for key, value in of_kind(patch.put, FieldKind.DATASET).items():
            name, digest = json.loads(key)
            said = {k: v for k, v in json.loads(value).items() if v is not None}
            tags = said.pop("tags", {})
            datasets.append({"dataset": {"name": name, "digest": digest, **said}, "tags": pairs(tags)})
        inputs = [{"model_id": model_id} for model_id in of_kind(patch.put, FieldKind.INPUT)]
        outputs = [{"model_id": m, "step": int(step)} for m, step in of_kind(patch.put, FieldKind.OUTPUT).items()]
        if datasets or inputs:
            body: dict[str, Any] = {"run_id": run_id, "datasets": datasets}
            left_out |= self._where_known(
                patch,
                "runs/log-inputs",
                {**body, "models": inputs} if inputs else body,
                FieldKind.DATASET,
                FieldKind.INPUT,
            )
        if outputs:
            left_out |= self._where_known(
                patch, "runs/outputs", {"run_id": run_id, "models": outputs}, FieldKind.OUTPUT
            )
        return left_out

    def _where_known(self, patch: Patch, path: str, body: Any, *kinds: FieldKind) -> dict[Field, str]:
        try:
            self._calls.post(path, body)
        except RequestRejected as refused:
            if not refused.is_unknown_call:
                raise
            return {
                field: f"the remote's release has no place for {_NAMES[field.kind]}; they were left out"
                for field in patch.put
                if field.kind in kinds
            }
        return {}

    def _log_or_each(self, run_id: str, kind: FieldKind, part: dict[str, str]) -> dict[Field, str]:
        """Log a batch; if the remote rejects some values (too long for its release), one by one."""
        left_out: dict[Field, str] = {}
        try:
            self._calls.log(run_id, **{f"{kind}s": pairs(part)})
        except RequestRejected as refused:
            if refused.is_missing or "'active' state" in str(refused):
                raise
            call = "runs/log-parameter" if kind is FieldKind.PARAM else "runs/set-tag"
            for key, value in part.items():
                try:
                    self._calls.post(call, {"run_id": run_id, "key": key, "value": value})
                except RequestRejected as one:
                    left_out[Field(kind, key)] = (
                        f"the remote does not take the {kind} {key!r} of its run {run_id}: {one}"
                    )
        return left_out
