"""Failures of webhooks: retries, abandoned deliveries, and forbidden addresses."""

import socket
import threading
import time
from typing import Any

import pytest

from support.office import MODEL, Office, names
from support.receiver import Receiver, answer
from trackside.events import store

# When something goes wrong
from trackside.webhooks import deliveries, subscriptions

# When something goes wrong


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_a_temporary_failure_is_retried_and_later_deliveries_wait(
    office: Office, receiver: Receiver, status: int
) -> None:
    receiver.answers = [answer(status)]
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


def test_retry_after_of_a_receiver_is_respected(office: Office, receiver: Receiver) -> None:
    receiver.answers = [answer(429, Retry_After="100")]
    webhook = office.subscribe(receiver.url)
    office.happen("a")
    office.step()

    (waiting,) = office.sent(webhook)
    assert isinstance(waiting.next_attempt_at, int)
    assert waiting.next_attempt_at - time.time() * 1000 > 90_000
    assert (waiting.last_status, waiting.last_error) == (429, "the receiver answered 429")


def test_a_delivery_is_given_up_after_its_retries_and_the_next_is_sent(office: Office, receiver: Receiver) -> None:
    receiver.answers = [answer(500)] * 3
    webhook = office.subscribe(receiver.url)
    office.happen("a", "b")
    for _ in range(3):
        office.step()
        office.later()

    assert names(receiver.received) == ["a", "a", "a", "b"]
    assert office.states(webhook) == [("DEAD", 3), ("DELIVERED", 1)]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404])
def test_a_refusal_is_not_retried_and_a_redirect_not_followed(office: Office, receiver: Receiver, status: int) -> None:
    receiver.answers = [answer(status, Location=f"{receiver.url}/elsewhere")]
    webhook = office.subscribe(receiver.url)
    office.happen("a", "b")
    office.step()

    assert names(receiver.received) == ["a", "b"]
    assert {each.path for each in receiver.received} == {"/hook"}
    assert office.states(webhook) == [("DEAD", 1), ("DELIVERED", 1)]
    assert office.sent(webhook)[0].last_status == status


def test_a_failed_delivery_is_sent_again_on_request(office: Office, receiver: Receiver) -> None:
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


def test_an_unreachable_receiver_is_retried(office: Office) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    webhook = office.subscribe(f"http://127.0.0.1:{port}/")
    office.happen("a")
    office.step()
    assert office.states(webhook) == [("PENDING", 1)]
    assert "ConnectionRefusedError" in str(office.sent(webhook)[0].last_error)

    hanging = Receiver([lambda handler: handler.connection.close()])
    with office.db.write(1) as tx:
        subscriptions.update(tx, office.sealer, webhook.webhook_id, subscriptions.Patch(url=hanging.url))
    office.later()
    office.step()
    hanging.close()

    assert office.states(webhook) == [("PENDING", 2)]


def test_a_slow_receiver_delays_no_other_and_times_out(office: Office, receiver: Receiver) -> None:
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


def test_a_receiver_that_answers_too_slowly_is_cut_off(office: Office) -> None:
    office.timeout_s = 0.5
    ended = threading.Event()

    def dribble(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not ended.wait(0.05):
            handler.wfile.write(b"X-Never: ending\r\n")

    receiver = Receiver([dribble])
    webhook = office.subscribe(receiver.url)
    office.happen("a")
    office.step()

    assert office.states(webhook) == [("PENDING", 1)]
    ended.set()  # until here it went on
    receiver.close()


def test_requests_are_answered_while_receivers_hang(office: Office) -> None:
    slow = Receiver()
    slow.hold()
    for _ in range(12):  # more than there are threads
        office.subscribe(slow.url)
    office.happen("a")
    courier = office.courier()
    courier.step()
    slow.wait_for(2)  # the share of a host

    office.happen(*map(str, range(20)))  # all that while the receivers hang
    slow.may_answer.set()
    office.step(courier)
    slow.close()


# Where it may not go


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f000001", "127.1"])
def test_a_private_address_is_not_called_in_any_notation(office: Office, receiver: Receiver, host: str) -> None:
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
    assert "link-local" in str(office.sent(webhook)[0].last_error)


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


@pytest.mark.both
@pytest.mark.parametrize("chosen", ["postgresql"], indirect=True)  # a SQLite store has one server
def test_of_two_couriers_one_delivers_and_the_other_takes_over(office: Office, receiver: Receiver) -> None:
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
