"""Tokens of a service principal, which are renewed before they expire or when they are rejected."""

from collections.abc import Iterator

import pytest

from support.databricks.workspace import CLIENT_ID, CLIENT_SECRET, Databricks
from trackside.core.http_client.cancellation import CancelToken
from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.credentials import Secret
from trackside.core.http_client.errors import RemoteUnavailable
from trackside.sync.remote.databricks.oauth import MachineToken


@pytest.fixture
def databricks() -> Iterator[Databricks]:
    workspace = Databricks()
    workspace.tokens = set()
    yield workspace
    workspace.close()


def test_a_token_is_renewed_before_it_expires(databricks: Databricks) -> None:
    now = 0.0
    token = MachineToken(databricks.url, Secret(username=CLIENT_ID, password=CLIENT_SECRET), CancelToken(), lambda: now)
    first = token()
    now = 3479.0
    assert token() == first
    now = 3480.0
    assert token() != first


def test_a_rejected_token_is_renewed_at_the_next_call(databricks: Databricks) -> None:
    token = MachineToken(databricks.url, Secret(username=CLIENT_ID, password=CLIENT_SECRET), CancelToken())
    http = HttpClient(databricks.url, Secret(), bearer=token)
    assert http.json("POST", "/api/2.0/mlflow/experiments/search", {}) == {"experiments": []}
    databricks.tokens.clear()
    with pytest.raises(RemoteUnavailable, match="does not accept the credentials"):
        http.json("POST", "/api/2.0/mlflow/experiments/search", {})

    assert http.json("POST", "/api/2.0/mlflow/experiments/search", {}) == {"experiments": []}
    http.close()
