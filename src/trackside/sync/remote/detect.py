"""Detects the kind of a remote, and whether an experiment is empty, by MLflow's calls, which Tracksides also have."""

from typing import Any

from msgspec import Struct

from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.errors import RequestRejected
from trackside.sync.remote.decoding import read


class _Found(Struct, frozen=True):
    runs: list[Any] = []
    models: list[Any] = []


def is_trackside(http: HttpClient) -> bool:
    try:
        answer = http.json("GET", "/api/3.0/mlflow/server-info")
    except RequestRejected:
        return False
    return isinstance(answer, dict) and answer.get("server") == "trackside"


def is_empty(http: HttpClient, experiment_id: str) -> bool:
    """Return whether an experiment has no runs and logged models except deleted ones."""
    query = {"experiment_ids": [experiment_id], "max_results": 1}
    if read(http, _Found, "POST", "/api/2.0/mlflow/runs/search", query).runs:
        return False
    try:
        return not read(http, _Found, "POST", "/api/2.0/mlflow/logged-models/search", query).models
    except RequestRejected as refused:
        if refused.is_unknown_call:
            return True
        raise
