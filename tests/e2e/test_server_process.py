"""`trackside server` with real processes, sockets and files."""

import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.links import until
from support.processes.command_line import TIMEOUT_S, Launch, Server
from support.processes.ports import free_port
from support.processes.servers import TRACKSIDE, limited_environment, trackside
from support.stores.postgres import Postgres
from trackside.cli.output import Stop
from trackside.cli.server import ports


def test_a_start_prints_its_address_and_its_store_in_one_line(launch: Launch, tmp_path: Path) -> None:
    server = launch()

    database = tmp_path / "trackside-data" / "trackside.db"
    expected = f"Trackside listening on http://127.0.0.1:{server.port} (store sqlite {database}, durability full)"
    assert server.line == expected
    assert server.ask("GET", "/health") == (200, b"OK")
    assert database.exists()


def test_settings_are_read_from_the_environment(launch: Launch, tmp_path: Path) -> None:
    server = launch(
        TRACKSIDE_DATA="there", TRACKSIDE_DURABILITY="relaxed", TRACKSIDE_STATIC_PREFIX="/tracks", TRACKSIDE_PROT="1"
    )

    assert f"/tracks (store sqlite {tmp_path}/there/trackside.db, durability relaxed)" in server.line
    assert server.ask("GET", "/tracks/health") == (200, b"OK")
    assert server.ask("GET", "/tracks")[0] == 308  # to the page, whose addresses are relative
    assert server.ask("GET", "/tracks/")[0] == 200
    for path in ("/health", "/tracks2/health", "/trackshealth", "/tracksx", "/track", "/"):
        assert server.ask("GET", path)[0] == 404, path
        assert server.ask("HEAD", path)[0] == 404, path
    assert server.ask("GET", "/trackstracks/api/2.0/mlflow/experiments/get?experiment_id=0")[0] == 404
    assert server.stop() == (0, "trackside: TRACKSIDE_PROT is not a setting; did you mean TRACKSIDE_PORT?\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_stops_cleanly_on_a_signal_even_with_idle_clients(launch: Launch, number: signal.Signals) -> None:
    server = launch()
    with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S) as idle:
        idle.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(65536).startswith(b"HTTP/1.1 200")

        assert server.stop(number) == (0, "")
        assert idle.recv(65536) == b""


def test_a_stopping_server_finishes_requests_in_progress(launch: Launch, tmp_path: Path) -> None:
    server = launch()
    path = b"/api/2.0/mlflow-artifacts/artifacts/0/" + b"a" * 32 + b"/artifacts/late.txt"
    with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S) as connection:
        connection.sendall(
            b"PUT " + path + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(65536).startswith(b"HTTP/1.1 100")  # the handler is at work
        connection.sendall(b"half")
        server.process.send_signal(signal.SIGTERM)
        until(lambda: is_closed(server.port))
        connection.sendall(b"half")

        assert connection.recv(65536).startswith(b"HTTP/1.1 200")

    assert server.process.wait(TIMEOUT_S) == 0
    assert [file.read_bytes() for file in (tmp_path / "trackside-data").rglob("late.txt")] == [b"halfhalf"]


def is_closed(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        pass  # it was still in the listen queue when the server closed the socket
    return False


def test_a_killed_server_starts_again_with_every_acknowledged_write(launch: Launch) -> None:
    server = launch()
    status, _ = server.ask("POST", "/api/2.0/mlflow/experiments/create", {"name": "kept"})
    server.process.kill()
    server.process.wait()

    again = launch()

    assert status == 200
    assert again.ask("GET", "/api/2.0/mlflow/experiments/get-by-name?experiment_name=kept")[0] == 200


# One server a folder


def test_a_second_server_on_a_folder_is_refused_with_the_pid_and_port_of_the_first(
    launch: Launch, tmp_path: Path
) -> None:
    first = launch()
    (tmp_path / "alias").symlink_to("trackside-data")

    for folder in ("trackside-data", "alias"):
        code, _, complaint = trackside("server", "--port", "0", "--data", folder, cwd=tmp_path)

        assert code == 2
        assert complaint.startswith(f"trackside: {tmp_path}/trackside-data is in use by the server with pid ")
        assert f"pid {first.process.pid}, on port {first.port}; stop that server" in complaint


def test_a_second_server_on_the_same_sqlite_file_is_refused(launch: Launch, tmp_path: Path) -> None:
    first = launch()
    store = "sqlite:///trackside-data/trackside.db"

    code, _, complaint = trackside("server", "--port", "0", "--data", "other", "--store", store, cwd=tmp_path)

    assert code == 2
    assert f"trackside.db is in use by the server with pid {first.process.pid}, on port {first.port}" in complaint


def test_the_folder_can_be_used_after_its_server_has_ended(launch: Launch) -> None:
    launch().stop()
    launch()


def test_a_port_in_use_is_reported_with_the_process_that_uses_it(launch: Launch, tmp_path: Path) -> None:
    first = launch()

    code, _, complaint = trackside("server", "--port", str(first.port), "--data", "other", cwd=tmp_path)

    assert code == 2
    assert f"port {first.port} of 127.0.0.1 is in use" in complaint
    if sys.platform == "linux":
        assert f"by pid {first.process.pid} (" in complaint


def test_a_port_that_another_server_takes_during_the_start_is_named_too() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        bound = ports.bind("127.0.0.1", port)
        other.listen()

        with bound[0], pytest.raises(Stop, match=f"port {port} of 127.0.0.1 is in use"):
            ports.listen(bound, "127.0.0.1", 1)


def test_a_start_on_a_full_disk_is_refused_in_one_line(tmp_path: Path) -> None:
    command = shlex.join([*TRACKSIDE, "server", "--port", "0"])

    # No file may grow: what a full disk does to a process, without filling one.
    done = subprocess.run(
        ["sh", "-c", f"ulimit -f 0; exec {command}"],
        cwd=tmp_path,
        env=limited_environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"trackside: cannot write to {tmp_path}/trackside-data (File too large); "
        "free some space, or choose another folder with --data\n"
    )


# Several processes


@pytest.fixture(scope="module")
def postgresql(postgres: Postgres) -> Iterator[str]:
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


def test_workers_share_the_socket_and_are_replaced(launch: Launch, postgresql: str) -> None:
    server = launch("--workers", "2", "--store", postgresql)
    first = children(server)
    os.kill(min(first), signal.SIGKILL)
    until(lambda: len(children(server)) == 2 and min(first) not in children(server))

    answers = [server.ask("POST", "/api/2.0/mlflow/experiments/create", {"name": f"e{i}"})[0] for i in range(8)]

    assert len(first) == 2
    assert answers == [200] * 8
    assert server.stop() == (0, f"trackside: worker {min(first)} was killed by SIGKILL; starting another\n")


def test_workers_end_when_their_supervisor_was_killed(launch: Launch, postgresql: str) -> None:
    server = launch("--workers", "2", "--store", postgresql)
    workers = children(server)

    server.process.kill()

    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    launch("--store", postgresql)  # the data folder is free


def test_workers_that_cannot_start_are_reported_once(tmp_path: Path) -> None:
    store = f"postgresql://me@127.0.0.1:{free_port()}/tracks"

    code, said, complaints = trackside("server", "--port", "0", "--workers", "3", "--store", store, cwd=tmp_path)

    assert (code, said) == (2, "")
    assert complaints.startswith(f"trackside: the store {store} cannot be opened (")
    assert complaints.count("\n") == 1


def children(server: Server) -> set[int]:
    pid = server.process.pid
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
