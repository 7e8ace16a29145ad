"""Webhooks act as their creators: a receiver gets no data that the creator may not read."""

from collections.abc import Callable, Iterator

import pytest
from msgspec import structs

from support.links import until
from support.people import OURS, People
from support.receiver import Receiver
from trackside import app
from trackside.core.settings import Settings

HOOKS = f"{OURS}/webhooks"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def application(chosen: Settings, make_application: Callable[..., app.App]) -> app.App:
    open_to_tests = structs.replace(
        chosen, default_role=(), allow_private_webhooks=True, webhook_schemes=("http",), webhook_retries=0
    )
    return make_application(open_to_tests, interval_factor=0.1)


def test_a_webhook_is_disabled_with_the_reason_when_its_creator_loses_the_right(
    people: People, receiver: Receiver
) -> None:
    bo = people.add("bo", "Contributor")
    hook = bo.post(HOOKS, name="h", url=receiver.url, events=["experiment.created"])["webhook"]
    people.admin.new_experiment("first")
    until(lambda: len(receiver.received) == 1, "the first event")

    people.deny("bo", "MLflow READ", "/ws/default")
    people.admin.new_experiment("second")
    path = f"{HOOKS}/{hook['webhook_id']}"
    until(lambda: people.admin.get(path)["webhook"]["status"] == "DISABLED", "the webhook to be disabled")

    died = people.admin.get(f"{path}/deliveries")["deliveries"][0]
    assert died["last_error"].startswith(
        "not sent: bo, who created it, does not have Microsoft.MachineLearningServices"
    )
    assert len(receiver.received) == 1
    assert bo.ask("PATCH", path, {"status": "ACTIVE"}).status == 403
    people.admin.ask("PATCH", path, {"status": "ACTIVE"})  # acts for the administrator from now on
    people.admin.new_experiment("third")
    until(lambda: len(receiver.received) == 2, "the third event")


def test_a_webhook_needs_the_right_to_read_its_events(people: People, receiver: Receiver) -> None:
    secret = people.admin.new_experiment("secret")
    bo = people.add("bo", "Contributor")
    people.deny("bo", "MLflow READ", f"/ws/default/experiments/{secret}")

    refused = bo.fault(HOOKS, name="h", url=receiver.url, events=["experiment.created"])
    made = bo.ask("POST", HOOKS, {"name": "h", "url": receiver.url, "events": ["registered_model.created"]})

    assert refused[0] == 403
    assert "a webhook acts with your rights" in refused[2]
    assert made.status == 200
