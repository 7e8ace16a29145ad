"""Webhooks by the stock client, and the signature that MLflow gives."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.processes.servers import Server
from support.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def client(request: pytest.FixtureRequest, start: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> Any:
    from mlflow import MlflowClient

    monkeypatch.setitem(os.environ, "MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    store = ("--store", request.getfixturevalue("postgres_store")) if request.param == "postgresql" else ()
    server = start("--allow-private-webhooks", "--webhook-schemes", "http,https", *store)
    return MlflowClient(server.url, server.url)


@pytest.mark.slow
def test_the_stock_client_manages_webhooks_with_events_of_models(client: Any, receiver: Receiver) -> None:
    from mlflow.entities.webhook import WebhookEvent, WebhookStatus
    from mlflow.exceptions import MlflowException
    from mlflow.webhooks.delivery import _generate_hmac_signature

    event = WebhookEvent("model_version_alias", "created")
    made = client.create_webhook("w", receiver.url, [event, WebhookEvent("model_version", "created")], secret="s")
    assert client.get_webhook(made.webhook_id).name == "w"
    assert [each.webhook_id for each in client.list_webhooks()] == [made.webhook_id]
    changed = client.update_webhook(made.webhook_id, description="d", status=WebhookStatus.ACTIVE)
    assert (changed.description, changed.events) == ("d", made.events)
    tested = client.test_webhook(made.webhook_id, event)
    assert (tested.success, tested.response_status, tested.response_body) == (True, 200, "thanks")

    client.create_registered_model("m")
    client.create_model_version("m", "s3://bucket/model", run_id="1234567890abcdef", tags={"a": "b"})
    client.set_registered_model_alias("m", "champion", "1")

    _, version, alias = receiver.wait_for(3)
    headers = version.headers
    signed = _generate_hmac_signature(
        "s", headers["x-mlflow-delivery-id"], headers["x-mlflow-timestamp"], version.body.decode()
    )
    assert headers["x-mlflow-signature"] == signed
    assert version.json["data"] == {
        "name": "m",
        "version": "1",
        "source": "s3://bucket/model",
        "run_id": "1234567890abcdef",
        "tags": {"a": "b"},
        "description": None,
    }
    assert alias.json["data"] == {"name": "m", "alias": "champion", "version": "1"}
    client.delete_webhook(made.webhook_id)
    with pytest.raises(MlflowException, match="not found"):
        client.get_webhook(made.webhook_id)
