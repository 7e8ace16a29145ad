"""Calls that wait for a remote do not delay other calls."""

import json
import select
import socket
from collections.abc import Callable
from contextlib import ExitStack

from support.processes.servers import Server

ASKING = 6  # more than there are threads for searches


def test_unresponsive_remotes_do_not_delay_searches(start: Callable[..., Server]) -> None:
    """The remote accepts the connection and never answers, so each `link add` waits for its timeout."""
    server = start()
    experiment = server.api.new_experiment("iris")
    run_id = server.api.new_run(experiment)
    with ExitStack() as opened:
        remote = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = remote.getsockname()[1]
        asking = [opened.enter_context(_ask_for_a_link(server.port, f"slow-{i}", port)) for i in range(ASKING)]
        taken = opened.enter_context(remote.accept()[0])  # from here on a thread waits for us

        found = server.api.post("runs/search", experiment_ids=[experiment])["runs"]

        answered, _, _ = select.select(asking, [], [], 0)
        assert [run["info"]["run_id"] for run in found] == [run_id]
        assert answered == []
        assert taken.fileno() >= 0


def _ask_for_a_link(port: int, name: str, remote: int) -> socket.socket:
    body = json.dumps({"name": name, "to": f"http://127.0.0.1:{remote}", "mode": "push"}).encode()
    head = (
        "POST /api/trackside/v1/links HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{port}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(head.encode() + body)
    return connection
