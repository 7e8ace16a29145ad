"""SIGTERM ends a server whose database does not answer."""

import http.client
import signal
import socket
from contextlib import closing
from pathlib import Path

import pytest

from support.processes.servers import Server
from support.stores.postgres import Postgres


@pytest.mark.slow
def test_a_read_of_a_database_that_is_paused_ends_with_503(tmp_path: Path) -> None:
    postgres = Postgres()
    server = Server(tmp_path, ("--store", postgres.url(postgres.create()))).start()
    try:
        api = server.api
        api.get("experiments/get", experiment_id="0")
        postgres.pause()

        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=80)) as asking:
            asking.request("GET", "/api/2.0/mlflow/experiments/get?experiment_id=0")
            status = asking.getresponse().status
        postgres.resume()

        assert status == 503
        assert api.get("experiments/get", experiment_id="0")["experiment"]["name"] == "Default"
    finally:
        postgres.resume()
        server.kill9()
        postgres.close()


@pytest.mark.slow
def test_sigterm_ends_a_server_whose_database_is_paused(tmp_path: Path) -> None:
    postgres = Postgres()
    server = Server(tmp_path, ("--store", postgres.url(postgres.create()))).start()
    process = server.process
    assert process is not None
    try:
        postgres.pause()
        with socket.create_connection(("127.0.0.1", server.port), 30) as line:
            line.sendall(
                b"POST /api/2.0/mlflow/experiments/create HTTP/1.1\r\nhost: localhost\r\n"
                b'content-type: application/json\r\ncontent-length: 12\r\n\r\n{"name":"x"}'
            )
            line.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
            process.send_signal(signal.SIGTERM)

            assert process.wait(120) == 0
    finally:
        postgres.resume()
        server.kill9()
        postgres.close()
