"""The logged models of the tests' Databricks."""

import uuid
from collections.abc import Callable
from typing import Any

from support.databricks.registry import MAX_PARAM_BYTES, Refusal, sized

PREFIX = "logged-models"


class ModelCalls:
    def __init__(self, histories: dict[tuple[str, str], list[dict[str, Any]]]) -> None:
        self.models: dict[str, dict[str, Any]] = {}
        self._histories = histories

    def answer(self, method: str, name: str) -> Callable[[dict[str, Any]], Any] | None:
        """The call of that name, if it is one of these."""
        if not name.startswith(PREFIX):
            return None
        _, _, rest = name.partition("/")
        model_id, _, what = rest.partition("/")
        match method, model_id, what.split("/"):
            case "POST", "", _:
                return self._create
            case "POST", "search", _:
                return self._search
            case "GET", _, [""]:
                return lambda call: {"model": self._shown(self._model(model_id))}
            case "PATCH", _, [""]:
                return lambda call: self._model(model_id)["info"].update(status=call["status"])
            case "DELETE", _, [""]:
                return lambda call: self.models.pop(model_id) and None
            case "POST", _, ["params"]:
                return lambda call: self._model(model_id)["params"].update(sized(call["params"], MAX_PARAM_BYTES))
            case "PATCH", _, ["tags"]:
                return lambda call: self._model(model_id)["tags"].update(sized(call["tags"]))
            case "DELETE", _, ["tags", key]:
                return lambda call: self._model(model_id)["tags"].pop(key) and None
        return None

    def _create(self, call: dict[str, Any]) -> Any:
        model_id = f"m-{uuid.uuid4().hex}"
        info = {key: call.get(key) or "" for key in ("experiment_id", "name", "model_type", "source_run_id")}
        info |= {
            "model_id": model_id,
            "status": "LOGGED_MODEL_PENDING",
            "artifact_uri": f"dbfs:/databricks/mlflow-tracking/{call['experiment_id']}/logged_models/{model_id}/artifacts",
        }
        self.models[model_id] = {
            "info": info,
            "params": sized(call.get("params", []), MAX_PARAM_BYTES),
            "tags": sized(call.get("tags", [])),
        }
        return {"model": self._shown(self.models[model_id])}

    def _model(self, model_id: str) -> dict[str, Any]:
        if model_id not in self.models:
            raise Refusal(404, "RESOURCE_DOES_NOT_EXIST", f"Logged model '{model_id}' not found.")
        return self.models[model_id]

    def _search(self, call: dict[str, Any]) -> Any:
        wanted = call.get("filter", "").split("'")[1] if "'" in call.get("filter", "") else None
        found = [
            self._shown(each)
            for each in self.models.values()
            if each["info"]["experiment_id"] in call["experiment_ids"]
            and (wanted is None or each["tags"].get("trackside.source_model_id") == wanted)
        ]
        return {"models": found}

    def _shown(self, model: dict[str, Any]) -> Any:
        metrics = [
            {**point, "run_id": run_id}
            for (run_id, _), points in self._histories.items()
            for point in points
            if point.get("model_id") == model["info"]["model_id"]
        ]
        data = {"params": [{"key": k, "value": v} for k, v in model["params"].items()], "metrics": metrics}
        return {
            "info": {**model["info"], "tags": [{"key": k, "value": v} for k, v in model["tags"].items()]},
            "data": data,
        }
