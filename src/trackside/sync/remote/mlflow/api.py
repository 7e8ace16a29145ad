"""Sends calls of MLflow's REST API to a remote."""

from typing import Any, TypeVar

import msgspec

from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.errors import RequestRejected, unless_missing
from trackside.sync.remote.mlflow.answers import Done
from trackside.sync.remote.mlflow.shapes import decoded
from trackside.sync.remote.mlflow.wire import API

MAX_METRICS = 1000  # in a batch
T = TypeVar("T")
_JSON = {"content-type": "application/json"}


class Calls:
    def __init__(self, http: HttpClient) -> None:
        self.http = http

    def get(self, shape: type[T], path: str, **query: Any) -> T:
        return decoded(shape, self.http.json("GET", f"{API}/{path}", None, **query))

    def ask(self, shape: type[T], path: str, body: Any, *, idempotent: bool = True) -> T:
        """Post the body and return the answer.  `idempotent`: as in `HttpClient.call`."""
        given = {key: value for key, value in body.items() if value is not None}
        return decoded(shape, self.http.json("POST", f"{API}/{path}", given, idempotent=idempotent))

    def post(self, path: str, body: Any) -> None:
        self.ask(Done, path, body)

    def unless_missing(self, path: str, body: Any) -> None:
        unless_missing(lambda: self.post(path, body))

    def log(self, run_id: str, **what: Any) -> None:
        """Log a batch to a run."""
        body = msgspec.json.encode({"run_id": run_id, **what})
        self.http.call("POST", f"{API}/runs/log-batch", body, _JSON)

    def restore_run(self, run_id: str) -> None:
        try:
            self.post("runs/restore", {"run_id": run_id})
        except RequestRejected as refused:
            if "must be in the 'deleted'" not in str(refused):
                raise
