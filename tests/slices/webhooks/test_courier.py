"""Deliveries of webhooks: their contents, order and retention."""

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.office import MODEL, Office, names
from support.receiver import Received, Receiver, answer, signature_of
from trackside import opening, tenants
from trackside.core.outgoing.addresses import Rules
from trackside.core.outgoing.guard import Guard
from trackside.core.seal import Sealer, SecretKey
from trackside.core.settings import Settings
from trackside.experiments import store as experiments
from trackside.registry import models
from trackside.runs import lifecycle
from trackside.runs import store as runs
from trackside.runs.model import Status as RunStatus
from trackside.webhooks import deliveries, subscriptions
from trackside.webhooks.delivery import Post
from trackside.webhooks.model import Status
from trackside.webhooks.worker import Courier
from trackside.workspaces import store as workspaces

# What is told


def test_a_webhook_gets_its_events_in_order(office: Office, receiver: Receiver) -> None:
    office.subscribe(receiver.url)
    office.happen(*"abcde")
    with office.db.write(1) as tx:
        experiments.create(tx, "nobody asked", "mlflow-artifacts:/")
    office.step()

    assert names(receiver.received) == list("abcde")
    assert {each.path for each in receiver.received} == {"/hook"}
    assert len({each.headers["x-mlflow-delivery-id"] for each in receiver.received}) == 5


def test_a_webhook_gets_no_events_from_before_its_creation(office: Office, receiver: Receiver) -> None:
    office.happen("before")
    office.subscribe(receiver.url)
    office.happen("after")
    office.step()

    assert names(receiver.received) == ["after"]


def test_an_added_event_or_an_enabled_webhook_starts_with_new_events(office: Office, receiver: Receiver) -> None:
    webhook = office.subscribe(receiver.url, "run.created")

    def update(**more: Any) -> None:
        with office.db.write(1) as tx:
            subscriptions.update(tx, office.sealer, webhook.webhook_id, subscriptions.Patch(**more))

    office.happen("not wanted yet")
    update(events=[MODEL])
    office.happen("wanted")
    update(description="kept", events=[MODEL, "run.created"])  # what was wanted stays wanted
    update(status=Status.DISABLED)
    office.happen("not heard")
    update(status=Status.ACTIVE)
    office.happen("heard")
    office.step()

    assert names(receiver.received) == ["heard"]


@pytest.mark.both
def test_queued_deliveries_wait_while_a_webhook_is_disabled(office: Office, receiver: Receiver) -> None:
    webhook = office.subscribe(receiver.url)
    receiver.answers = [answer(503)]
    office.happen("a")
    office.step()
    with office.db.write(1) as tx:
        subscriptions.update(tx, office.sealer, webhook.webhook_id, subscriptions.Patch(status=Status.DISABLED))
    office.later()
    office.step()
    assert len(receiver.received) == 1

    with office.db.write(1) as tx:
        subscriptions.update(tx, office.sealer, webhook.webhook_id, subscriptions.Patch(status=Status.ACTIVE))
    office.step()

    assert names(receiver.received) == ["a", "a"]


def test_each_webhook_gets_events_of_its_workspace(
    office: Office, receiver: Receiver, make_workspace: Callable[[str], int]
) -> None:
    north = make_workspace("north")
    office.subscribe(receiver.url, ws=north)
    office.happen("here")
    office.happen("there", ws=north)
    office.step()

    assert [(each.json["data"]["name"], each.json["workspace"]) for each in receiver.received] == [("there", "north")]


@pytest.mark.both
def test_events_of_runs_and_experiments_have_their_user(office: Office, receiver: Receiver) -> None:
    office.subscribe(receiver.url, "run.created", "run.finished", "run.failed", "experiment.created", "run.deleted")
    with office.db.write(1) as tx:
        experiment = experiments.create(tx.by("anna"), "iris", "mlflow-artifacts:/")
        run_id = lifecycle.create(tx, experiment, user_id="", start_time=5, run_name="first", tags={})
    for status in (RunStatus.RUNNING, RunStatus.FINISHED, RunStatus.FINISHED):  # the last one is a client's retry
        with office.db.write(1) as tx:
            lifecycle.update(tx, run_id, status, 9, None)
    with office.db.write(1) as tx:
        runs.delete(tx, run_id)
    office.step()

    told = receiver.received
    assert [each.event for each in told] == ["experiment.created", "run.created", "run.finished", "run.deleted"]
    assert told[0].json["data"] == {"experiment_id": experiment, "name": "iris"}
    assert told[0].json["user"] == "anna"
    assert told[2].json["data"] == {
        "run_id": run_id,
        "run_name": "first",
        "experiment_id": experiment,
        "experiment_name": "iris",
        "status": "FINISHED",
        "start_time": 5,
        "end_time": 9,
    }
    assert told[1].json["data"]["status"] == "RUNNING"


def test_a_delivery_is_signed_and_the_secret_is_sealed(office: Office, receiver: Receiver) -> None:
    webhook = office.subscribe(receiver.url, secret="s3cret-word")
    office.happen("a")
    office.step()

    (told,) = receiver.received
    assert told.headers["x-mlflow-signature"] == signature_of("s3cret-word", told)
    assert abs(int(told.headers["x-mlflow-timestamp"]) - time.time()) < 60
    assert told.headers["content-type"] == "application/json"
    assert webhook.sealed_secret is not None
    assert b"s3cret" not in webhook.sealed_secret


def authorization(received: Received) -> str:
    return base64.b64decode(received.headers["authorization"].removeprefix("Basic ")).decode()


def stored(office: Office) -> str:
    with office.db.read(1) as tx:
        return str(tx.all("SELECT url, authorization_header FROM webhooks WHERE workspace_id = :ws"))


@pytest.mark.both
def test_a_sign_in_that_an_earlier_release_stored_in_the_url_is_sealed_at_the_start(
    office: Office, receiver: Receiver
) -> None:
    office.subscribe(receiver.url.replace("//", "//ann%40a:s3cret%3Aw@"))
    office.subscribe(receiver.url + "@")
    before = stored(office)

    courier = office.courier()
    office.happen("a")
    office.step(courier)

    assert "s3cret" in before
    assert "s3cret" not in stored(office)
    assert "ann" not in stored(office)
    with_one = [each for each in receiver.received if "authorization" in each.headers]
    assert [authorization(each) for each in with_one] == ["ann@a:s3cret:w"]
    assert len(receiver.received) == 2


def test_a_sign_in_that_cannot_be_sealed_stays_and_is_sent(office: Office, receiver: Receiver) -> None:
    office.subscribe(receiver.url, secret="x")
    office.subscribe(receiver.url.replace("//", "//ann:s3cret@"))
    other = Sealer(SecretKey("another key of enough characters"), office.folder / "none")
    post = Post(schemes=("http",), timeout_s=5, guard=Guard(Rules(opens_private=True)))
    stranger = Courier(office.db, other, post, retries=office.retries)
    office.couriers.append(stranger)

    office.happen("a")
    office.step(stranger)

    assert [authorization(each) for each in receiver.received] == ["ann:s3cret"]


def test_an_authorization_is_sealed_and_sent(office: Office, receiver: Receiver) -> None:
    with office.db.write(1) as tx:
        webhook = subscriptions.create(
            tx, office.sealer, name="w", url=receiver.url, events=[MODEL], authorization="Bearer s3cret"
        )

    office.happen("a")
    office.step()

    assert receiver.received[0].headers["authorization"] == "Bearer s3cret"
    assert webhook.sealed_authorization is not None
    assert b"s3cret" not in webhook.sealed_authorization


@pytest.mark.parametrize(
    ("url", "is_kept"), [("http://h:1/other", True), ("http://h:2/", False), ("https://h:1/", False)]
)
def test_an_authorization_is_for_the_origin_that_it_was_given_for(office: Office, url: str, is_kept: bool) -> None:
    with office.db.write(1) as tx:
        made = subscriptions.create(
            tx, office.sealer, name="w", url="http://h:1/", events=[MODEL], authorization="Bearer x"
        )
        moved = subscriptions.update(tx, office.sealer, made.webhook_id, subscriptions.Patch(url=url))

    assert (moved.sealed_authorization is not None) is is_kept


def test_without_a_secret_there_is_no_signature(office: Office, receiver: Receiver) -> None:
    office.subscribe(receiver.url)
    office.happen("a")
    office.step()

    assert "x-mlflow-signature" not in receiver.received[0].headers


# Housekeeping


@pytest.mark.both
def test_old_deliveries_are_deleted(office: Office, receiver: Receiver) -> None:
    receiver.answers = [answer(404), answer(200), answer(500)]
    webhook = office.subscribe(receiver.url)
    office.happen("dead", "delivered", "pending")
    office.step()
    day = 86_400_000
    for age, left in ((8 * day, ["DEAD", "PENDING"]), (91 * day, ["PENDING"])):
        with office.db.write(1) as tx:
            tx.run(
                "UPDATE webhook_deliveries SET ended_at = :at WHERE workspace_id = :ws AND ended_at > 0",
                at=tx.now - age,
            )
            deliveries.prune(tx)
        assert [each.state for each in office.sent(webhook)] == left


@pytest.mark.both
def test_deleting_a_webhook_deletes_its_deliveries(office: Office, receiver: Receiver) -> None:
    receiver.answers = [answer(500)]
    webhook = office.subscribe(receiver.url)
    office.happen("a")
    office.step()
    with office.db.write(1) as tx:
        subscriptions.delete(tx, webhook.webhook_id)
    office.later()
    office.happen("b")
    office.step()

    assert len(receiver.received) == 1
    assert office.sent(webhook) == []


def test_the_webhooks_of_a_workspace_are_deleted_or_moved_with_it(
    office: Office, receiver: Receiver, make_workspace: Callable[[str], int]
) -> None:
    gone, moved = make_workspace("gone"), make_workspace("moved")
    office.subscribe(receiver.url, ws=gone, secret="x")
    office.subscribe(receiver.url, ws=moved, secret="y")
    with office.db.write(gone) as tx:
        tenants.remove(tx)
    with office.db.write(moved) as tx:
        tenants.move_to_default(tx, workspaces.get(tx, "moved"))
    office.happen("a")
    office.step()

    (told,) = receiver.received
    assert told.headers["x-mlflow-signature"] == signature_of("y", told)


def test_a_secret_of_another_key_is_not_sent_unsigned(office: Office, receiver: Receiver, tmp_path: Path) -> None:
    webhook = office.subscribe(receiver.url, secret="x")
    office.happen("a")
    other = Sealer(SecretKey("another key of enough characters"), tmp_path / "none")
    stranger = Courier(
        office.db,
        other,
        Post(schemes=("http",), timeout_s=5, guard=Guard(Rules(opens_private=True))),
        retries=office.retries,
    )
    office.couriers.append(stranger)
    office.step(stranger)

    assert receiver.received == []
    assert office.states(webhook) == [("PENDING", 1)]
    assert "encrypted with a key other than" in str(office.sent(webhook)[0].last_error)


@pytest.mark.slow
def test_a_thousand_events_arrive_in_their_order(chosen: Settings, tmp_path: Path, receiver: Receiver) -> None:
    db = opening.open_database(chosen)
    office = Office(db, tmp_path)
    office.subscribe(receiver.url)
    wanted = [f"m{number:04}" for number in range(1000)]
    futures = [db.writer.submit(1, lambda tx, name=name: models.create(tx, name, {}, "")) for name in wanted]
    for future in futures:
        future.result()
    courier = office.courier()
    while len(receiver.received) < 1000:
        office.step(courier)
    courier.close()
    db.close()

    assert names(receiver.received) == wanted
