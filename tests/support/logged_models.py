"""Logged models, as tests make and ask for them."""

from typing import Any

from support.client import Api

NOBODY = "m-" + "0" * 32


def new_model(api: Api, experiment_id: str = "0", **fields: Any) -> str:
    model_id: str = api.post("logged-models", experiment_id=experiment_id, **fields)["model"]["info"]["model_id"]
    return model_id


def model(api: Api, model_id: str, **arguments: Any) -> Any:
    return api.get(f"logged-models/{model_id}", **arguments)["model"]


def change(api: Api, method: str, path: str, body: Any = None) -> Any:
    reply = api.ask(method, f"logged-models/{path}", body)
    assert reply.status == 200, reply
    return reply.json


def found(api: Api, filter: str | None = None, **fields: Any) -> list[str]:  # noqa: A002  as the wire calls it
    """Names of what a search finds, in order."""
    asked = {"experiment_ids": ["0"], **({} if filter is None else {"filter": filter}), **fields}
    return [each["info"]["name"] for each in api.post("logged-models/search", asked).get("models", [])]


def point(
    key: str, value: float | str, model_id: str, timestamp: int = 1, step: int = 0, **more: str
) -> dict[str, Any]:
    return {"key": key, "value": value, "timestamp": timestamp, "step": step, "model_id": model_id, **more}


def on(dataset: str, digest: str = "d") -> dict[str, Any]:
    return {"dataset_name": dataset, "dataset_digest": digest}


def points(api: Api, model_id: str) -> list[dict[str, Any]]:
    metrics = model(api, model_id)["data"].get("metrics", [])
    return [{name: value for name, value in each.items() if name not in ("model_id", "run_id")} for each in metrics]
