"""Unresponsive receivers delay only deliveries of their workspace and host."""

from collections.abc import Callable

from support.office import Office
from support.receiver import Receiver
from trackside.webhooks.shares import Share, chosen, share_of


def test_webhooks_to_a_silent_receiver_do_not_delay_other_hosts(
    office: Office, receiver: Receiver, make_workspace: Callable[[str], int]
) -> None:
    other = Receiver()
    south = make_workspace("south")
    receiver.hold()
    for _ in range(20):
        office.subscribe(receiver.url)
    heard = office.subscribe(other.url, ws=south)
    courier = office.courier()

    office.happen("a")
    office.happen("b", ws=south)
    while courier.step():
        pass
    other.wait_for(1)
    held = len(receiver.received)
    receiver.may_answer.set()
    office.step(courier)
    other.close()

    assert held <= 2
    assert len(receiver.received) == 20
    with office.db.read(south) as tx:
        assert tx.all(
            "SELECT state FROM webhook_deliveries WHERE webhook_seq = :w AND workspace_id = :ws", w=heard.webhook_seq
        )


def test_shares_of_workspaces_and_hosts() -> None:
    due = [(number, Share(1, f"h{number // 3}")) for number in range(9)] + [(9, Share(2, "h0")), (10, Share(2, "x"))]

    taken = chosen(due, {100: Share(1, "h0")}, most=8, each_workspace=4, each_host=2)

    assert [number for number, _ in taken] == [0, 3, 4, 10]


def test_no_more_deliveries_than_threads() -> None:
    due = [(number, Share(number, f"h{number}")) for number in range(20)]

    assert len(chosen(due, {50: Share(50, "b")}, most=8, each_workspace=4, each_host=2)) == 7


def test_a_host_is_a_name_and_a_port() -> None:
    assert share_of(1, "https://A.example/x") == share_of(1, "https://user@a.example/y?z")
    assert share_of(1, "https://a.example") != share_of(1, "https://a.example:8443")
