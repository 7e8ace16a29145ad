"""Webhooks from a change to a receiver: in order, at least once, tried again, given up, and never where they may not go."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from mlflow.webhooks import delivery as stock

from support.receiver import Answering, Received, Receiver, answer
from trackside import app, tenants
from trackside.core.seal import Sealer, SecretKey
from trackside.core.settings import Settings
from trackside.events import deliveries, store, subscriptions
from trackside.events.delivery import Post
from trackside.events.model import Delivery, State, Status, Webhook
from trackside.events.worker import Courier
from trackside.experiments import store as experiments
from trackside.registry import models
from trackside.runs import store as runs
from trackside.runs.model import Status as RunStatus
from trackside.workspaces import store as workspaces

MODEL = "registered_model.created"


@dataclass
class Office:
    """A courier without its clock: `step` is called by the test."""

    db: Any
    folder: Path
    timeout_s: float = 5.0
    retries: int = 2
    couriers: list[Courier] = field(default_factory=list)

    def __post_init__(self) -> None:
        store.register(self.db, "webhooks")  # as a courier does when the server starts

    @property
    def sealer(self) -> Sealer:
        return Sealer(None, self.folder / "secret.key")

    def courier(self, *, allow_private: bool = True) -> Courier:
        post = Post(schemes=("http", "https"), timeout_s=self.timeout_s, allow_private=allow_private)
        made = Courier(self.db, self.sealer, post, retries=self.retries)
        self.couriers.append(made)
        return made

    def subscribe(self, url: str, *events: str, ws: int = 1, secret: str = "") -> Webhook:
        with self.db.write(ws) as tx:
            return subscriptions.create(tx, self.sealer, name="w", url=url, events=events or (MODEL,), secret=secret)

    def happen(self, *names: str, ws: int = 1) -> None:
        """A registered model is made of each name."""
        for name in names:
            with self.db.write(ws) as tx:
                models.create(tx, name, {}, "")

    def step(self, courier: Courier | None = None) -> None:
        """Until nothing is to be done now."""
        chosen = courier or (self.couriers[0] if self.couriers else self.courier())
        while chosen.step():
            pass
        chosen.wait()

    def later(self) -> None:
        """The pauses are over."""
        with self.db.write(1) as tx:
            tx.run("UPDATE webhook_deliveries SET next_attempt_at = 0 WHERE workspace_id = :ws")

    def sent(self, webhook: Webhook) -> list[Delivery]:
        """The oldest first."""
        with self.db.read(1) as tx:
            return deliveries.page(tx, webhook.webhook_seq, states=list(State), before=None, limit=1000)[::-1]

    def states(self, webhook: Webhook) -> list[tuple[str, int]]:
        return [(each.state, each.attempts) for each in self.sent(webhook)]


@pytest.fixture
def office(db: Any, tmp_path: Path) -> Iterator[Office]:
    made = Office(db, tmp_path)
    yield made
    for courier in made.couriers:
        courier.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def names(received: list[Received]) -> list[str]:
    return [each.json["data"]["name"] for each in received]


# What is told


def test_a_webhook_is_told_what_it_asked_for_in_order(office: Office, receiver: Receiver) -> None:
    office.subscribe(receiver.url)
    office.happen(*"abcde")
    with office.db.write(1) as tx:
        experiments.create(tx, "nobody asked", "mlflow-artifacts:/")
    office.step()

    assert names(receiver.received) == list("abcde")
    assert {each.path for each in receiver.received} == {"/hook"}
    assert len({each.headers["x-mlflow-delivery-id"] for each in receiver.received}) == 5


def test_a_webhook_hears_nothing_of_the_time_before_it(office: Office, receiver: Receiver) -> None:
    office.happen("before")
    office.subscribe(receiver.url)
    office.happen("after")
    office.step()

    assert names(receiver.received) == ["after"]


def test_an_event_that_is_added_or_a_webhook_that_is_enabled_begins_now(office: Office, receiver: Receiver) -> None:
    webhook = office.subscribe(receiver.url, "run.created")

    def update(**more: Any) -> None:
        with office.db.write(1) as tx:
            subscriptions.update(tx, office.sealer, webhook.webhook_id, **more)

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


def test_what_was_queued_before_a_webhook_was_disabled_waits_for_it(office: Office, receiver: Receiver) -> None:
    webhook = office.subscribe(receiver.url)
    receiver.answers = [answer(503)]
    office.happen("a")
    office.step()
    with office.db.write(1) as tx:
        subscriptions.update(tx, office.sealer, webhook.webhook_id, status=Status.DISABLED)
    office.later()
    office.step()
    assert len(receiver.received) == 1

    with office.db.write(1) as tx:
        subscriptions.update(tx, office.sealer, webhook.webhook_id, status=Status.ACTIVE)
    office.step()

    assert names(receiver.received) == ["a", "a"]


def test_each_webhook_hears_of_its_own_workspace(
    office: Office, receiver: Receiver, make_workspace: Callable[[str], int]
) -> None:
    north = make_workspace("north")
    office.subscribe(receiver.url, ws=north)
    office.happen("here")
    office.happen("there", ws=north)
    office.step()

    assert [(each.json["data"]["name"], each.json["workspace"]) for each in receiver.received] == [("there", "north")]


def test_runs_and_experiments_are_told_of_with_who_did_it(office: Office, receiver: Receiver) -> None:
    office.subscribe(receiver.url, "run.created", "run.finished", "run.failed", "experiment.created", "run.deleted")
    with office.db.write(1) as tx:
        experiment = experiments.create(tx.by("anna"), "iris", "mlflow-artifacts:/")
        run_id = runs.create(tx, experiment, user_id="", start_time=5, run_name="first", tags={})
    for status in (RunStatus.RUNNING, RunStatus.FINISHED, RunStatus.FINISHED):  # the last one is a client's retry
        with office.db.write(1) as tx:
            runs.update(tx, run_id, status, 9, None)
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


def test_it_is_signed_as_mlflow_signs_and_the_secret_is_sealed(office: Office, receiver: Receiver) -> None:
    webhook = office.subscribe(receiver.url, secret="s3cret-word")
    office.happen("a")
    office.step()

    (told,) = receiver.received
    assert told.headers["x-mlflow-signature"] == stock._generate_hmac_signature(
        "s3cret-word",
        told.headers["x-mlflow-delivery-id"],
        told.headers["x-mlflow-timestamp"],
        told.body.decode(),
    )
    assert abs(int(told.headers["x-mlflow-timestamp"]) - time.time()) < 60
    assert told.headers["content-type"] == "application/json"
    assert webhook.sealed_secret is not None
    assert b"s3cret" not in webhook.sealed_secret


def test_without_a_secret_there_is_no_signature(office: Office, receiver: Receiver) -> None:
    office.subscribe(receiver.url)
    office.happen("a")
    office.step()

    assert "x-mlflow-signature" not in receiver.received[0].headers


# When something goes wrong


@pytest.mark.parametrize("trouble", [answer(500), answer(503), answer(429), answer(408)], ids=str)
def test_what_may_pass_is_tried_again_and_the_next_waits(
    office: Office, receiver: Receiver, trouble: Answering
) -> None:
    receiver.answers = [trouble]
    webhook = office.subscribe(receiver.url)
    office.happen("a", "b")
    office.step()
    assert names(receiver.received) == ["a"]
    assert office.states(webhook) == [("PENDING", 1), ("PENDING", 0)]
    office.step()  # not yet
    assert len(receiver.received) == 1

    office.later()
    office.step()

    assert names(receiver.received) == ["a", "a", "b"]
    first, again, _ = receiver.received
    assert first.body == again.body
    assert first.headers["x-mlflow-delivery-id"] == again.headers["x-mlflow-delivery-id"]
    assert office.states(webhook) == [("DELIVERED", 2), ("DELIVERED", 1)]


def test_a_wish_to_wait_is_respected(office: Office, receiver: Receiver) -> None:
    receiver.answers = [answer(429, Retry_After="100")]
    webhook = office.subscribe(receiver.url)
    office.happen("a")
    office.step()

    (waiting,) = office.sent(webhook)
    assert isinstance(waiting.next_attempt_at, int)
    assert waiting.next_attempt_at - time.time() * 1000 > 90_000
    assert (waiting.last_status, waiting.last_error) == (429, "the receiver answered 429")


def test_after_enough_tries_it_is_given_up_and_the_next_has_its_turn(office: Office, receiver: Receiver) -> None:
    receiver.answers = [answer(500)] * 3
    webhook = office.subscribe(receiver.url)
    office.happen("a", "b")
    for _ in range(3):
        office.step()
        office.later()

    assert names(receiver.received) == ["a", "a", "a", "b"]
    assert office.states(webhook) == [("DEAD", 3), ("DELIVERED", 1)]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 410])
def test_a_refusal_is_not_tried_again_and_a_redirect_not_followed(
    office: Office, receiver: Receiver, status: int
) -> None:
    receiver.answers = [answer(status, Location=f"{receiver.url}/elsewhere")]
    webhook = office.subscribe(receiver.url)
    office.happen("a", "b")
    office.step()

    assert names(receiver.received) == ["a", "b"]
    assert {each.path for each in receiver.received} == {"/hook"}
    assert office.states(webhook) == [("DEAD", 1), ("DELIVERED", 1)]
    assert office.sent(webhook)[0].last_status == status


def test_what_was_given_up_is_sent_again_when_asked(office: Office, receiver: Receiver) -> None:
    receiver.answers = [answer(404), answer(404)]
    webhook = office.subscribe(receiver.url)
    office.happen("a", "b", "c")
    office.step()
    with office.db.write(1) as tx:
        assert deliveries.send_again(tx, webhook.webhook_seq, None) == 2
    office.step()

    assert names(receiver.received) == ["a", "b", "c", "a", "b"]
    assert office.states(webhook) == [("DELIVERED", 1)] * 3
    with office.db.write(1) as tx:
        (last, *_) = office.sent(webhook)[::-1]
        assert deliveries.send_again(tx, webhook.webhook_seq, last.delivery_id) == 1
    office.step()
    assert names(receiver.received)[-1] == "c"


def test_a_receiver_that_is_not_there_or_hangs_up_is_tried_again(office: Office) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    webhook = office.subscribe(f"http://127.0.0.1:{port}/")
    office.happen("a")
    office.step()
    assert office.states(webhook) == [("PENDING", 1)]
    assert "ConnectionRefusedError" in str(office.sent(webhook)[0].last_error)

    hanging = Receiver([lambda handler: handler.connection.close()])
    with office.db.write(1) as tx:
        subscriptions.update(tx, office.sealer, webhook.webhook_id, url=hanging.url)
    office.later()
    office.step()
    hanging.close()

    assert office.states(webhook) == [("PENDING", 2)]


def test_a_slow_receiver_holds_nobody_else_up_and_is_cut_off(office: Office, receiver: Receiver) -> None:
    office.timeout_s = 0.3
    slow = Receiver()
    slow.hold()
    waiting = office.subscribe(slow.url)
    office.subscribe(receiver.url)
    office.happen("a")
    courier = office.courier()
    courier.step()

    assert names(receiver.wait_for(1)) == ["a"]
    office.step(courier)
    assert office.states(waiting) == [("PENDING", 1)]
    assert office.sent(waiting)[0].last_error == "no answer within 0.3 s"
    slow.close()


def test_a_receiver_that_dribbles_is_cut_off_too(office: Office) -> None:
    office.timeout_s = 0.5
    ended = threading.Event()

    def dribble(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not ended.wait(0.05):
            handler.wfile.write(b"X-Never: ending\r\n")

    receiver = Receiver([dribble])
    webhook = office.subscribe(receiver.url)
    office.happen("a")
    begun = time.monotonic()
    office.step()

    assert time.monotonic() - begun < 5
    assert office.states(webhook) == [("PENDING", 1)]
    ended.set()
    receiver.close()


def test_requests_are_answered_while_receivers_hang(office: Office) -> None:
    slow = Receiver()
    slow.hold()
    for _ in range(12):  # more than there are threads
        office.subscribe(slow.url)
    office.happen("a")
    courier = office.courier()
    courier.step()
    slow.wait_for(8)

    begun = time.monotonic()
    office.happen(*map(str, range(20)))
    assert time.monotonic() - begun < 2
    slow.may_answer.set()
    office.step(courier)
    slow.close()


# Where it may not go


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f000001", "127.1"])
def test_a_private_address_is_not_called_however_it_is_written(office: Office, receiver: Receiver, host: str) -> None:
    webhook = office.subscribe(f"http://{host}:{receiver.port}/")
    office.happen("a")
    office.step(office.courier(allow_private=False))

    assert receiver.received == []
    assert office.states(webhook) == [("DEAD", 1)]
    assert "not called: " in str(office.sent(webhook)[0].last_error)


def test_a_clouds_metadata_is_not_called_even_if_private_addresses_are(office: Office) -> None:
    webhook = office.subscribe("http://169.254.169.254/latest/meta-data/")
    office.happen("a")
    office.step()

    assert office.states(webhook) == [("DEAD", 1)]
    assert "local link" in str(office.sent(webhook)[0].last_error)


# When a server dies


def test_a_courier_that_dies_before_it_notes_a_delivery_leaves_it_to_the_next(
    office: Office, receiver: Receiver
) -> None:
    webhook = office.subscribe(receiver.url)
    office.happen("a", "b")
    receiver.hold()
    first = office.courier()
    first.step()
    receiver.wait_for(1)
    first.close()  # cuts the connection: as for the store, it is as if it had been killed
    assert office.states(webhook) == [("PENDING", 0), ("PENDING", 0)]

    receiver.may_answer.set()
    office.step(office.courier())

    assert names(receiver.received) == ["a", "a", "b"]
    assert office.states(webhook) == [("DELIVERED", 1)] * 2


def test_of_two_couriers_one_delivers_and_the_other_takes_over(office: Office, receiver: Receiver) -> None:
    if office.db.dialect == "sqlite":
        pytest.skip("a SQLite store has one server")
    office.subscribe(receiver.url)
    one, two = office.courier(), office.courier()
    office.step(one)
    office.happen("a")
    office.step(two)
    assert receiver.received == []
    office.step(one)
    assert names(receiver.received) == ["a"]

    office.happen("b")
    one.close()
    office.step(office.courier())

    assert names(receiver.received) == ["a", "b"]


def test_a_page_of_changes_that_another_server_has_queued_is_not_queued_twice(office: Office) -> None:
    webhook = office.subscribe("http://127.0.0.1:9/")
    office.happen("a")
    page = store.read_changes(office.db, "webhooks", 10)
    queued = [deliveries.Queued(1, webhook.webhook_seq, page.changes[-1].seq, MODEL, "{}")]

    def add() -> bool:
        done: bool = office.db.writer.submit(0, lambda tx: deliveries.add(tx, page, queued)).result()
        return done

    assert [add(), add()] == [True, False]
    assert len(office.sent(webhook)) == 1


# Housekeeping


def test_deliveries_that_ended_long_ago_go(office: Office, receiver: Receiver) -> None:
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


def test_a_webhook_takes_its_deliveries_with_it(office: Office, receiver: Receiver) -> None:
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


def test_the_webhooks_of_a_workspace_go_or_move_with_it(
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
    assert told.headers["x-mlflow-signature"] == stock._generate_hmac_signature(
        "y", told.headers["x-mlflow-delivery-id"], told.headers["x-mlflow-timestamp"], told.body.decode()
    )


def test_a_secret_of_another_key_is_not_sent_unsigned(office: Office, receiver: Receiver, tmp_path: Path) -> None:
    webhook = office.subscribe(receiver.url, secret="x")
    office.happen("a")
    other = Sealer(SecretKey("another key of enough characters"), tmp_path / "none")
    stranger = Courier(
        office.db, other, Post(schemes=("http",), timeout_s=5, allow_private=True), retries=office.retries
    )
    office.couriers.append(stranger)
    office.step(stranger)

    assert receiver.received == []
    assert office.states(webhook) == [("PENDING", 1)]
    assert "sealed with another key" in str(office.sent(webhook)[0].last_error)


def test_a_thousand_events_arrive_in_their_order(chosen: Settings, tmp_path: Path, receiver: Receiver) -> None:
    db = app.open_database(chosen)
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
