"""Interrupted transfers: by the client, by kill -9, by a stop of the server.  Incomplete files are not visible."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.links import until
from support.processes.artifact_server import Server, started

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
MIB = 1 << 20


@pytest.mark.parametrize("sent", [0, 10, 100_000, 5 * MIB])
def test_an_upload_that_the_client_aborts_leaves_no_file(server: Server, place: str, sent: int) -> None:
    server.ask("PUT", f"{place}/old", b"old")
    before = server.files()

    for name in ("new", "old"):
        with server.connect() as client:
            client.sendall(_head(f"{place}/{name}", 20 * MIB) + b"x" * sent)
            if sent > 2 * MIB:
                until(lambda: server.files() != before)  # it is under way
    until(lambda: server.files() == before)

    assert server.ask("GET", f"{place}/new").status == 404
    assert server.ask("GET", f"{place}/old").body == b"old"


def test_a_chunked_upload_that_the_client_aborts_leaves_no_file(server: Server, place: str) -> None:
    before = server.files()

    with server.connect() as client:
        client.sendall(b"PUT %s/new HTTP/1.1\r\nHost: localhost\r\n" % place.encode())
        client.sendall(b"Transfer-Encoding: chunked\r\n\r\n" + (b"100000\r\n%s\r\n" % (b"x" * MIB)) * 4)
        until(lambda: server.files() != before)
    until(lambda: server.files() == before)

    assert server.ask("GET", f"{place}/new").status == 404


def test_an_upload_in_progress_is_invisible(server: Server, place: str) -> None:
    server.ask("PUT", f"{place}/file", b"old")
    folder = place.removeprefix(PROXY + "/")
    before = server.files()

    with server.connect() as client:
        client.sendall(_head(f"{place}/file", 4 * MIB) + b"x" * 3 * MIB)
        until(lambda: server.files() != before)
        during = server.ask("GET", f"{place}/file").body
        listed = server.ask("GET", f"{PROXY}?path={folder}").json
        client.sendall(b"x" * MIB)
        answer = client.recv(1000)

    assert during == b"old"
    assert listed == {"files": [{"path": "file", "is_dir": False, "file_size": 3}]}
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert server.ask("GET", f"{place}/file").body == b"x" * 4 * MIB


@pytest.mark.parametrize("durability", ["full", "relaxed"])
def test_a_killed_server_leaves_no_partial_file_and_the_next_start_cleans_up(
    tmp_path: Path, start: Any, durability: str
) -> None:
    path = f"{PROXY}/0/run/artifacts"
    with start(tmp_path, "--durability", durability) as first:
        assert first.ask("PUT", f"{path}/whole", b"w" * 3 * MIB).status == 200
        with first.connect() as client:
            client.sendall(_head(f"{path}/half", 20 * MIB) + b"x" * 5 * MIB)
            until(lambda: len(first.files()) == 2)
            first.kill()
        left = [name for name in first.files() if name != "0/run/artifacts/whole"]
        assert [name.partition("/")[0] for name in left] == [".uploads"]

    with start(tmp_path, "--durability", durability) as second:
        assert second.files() == ["0/run/artifacts/whole"]
        assert second.ask("GET", f"{path}/whole").body == b"w" * 3 * MIB
        assert second.ask("GET", f"{path}/half").status == 404


def test_a_stopped_server_leaves_no_partial_file(tmp_path: Path, start: Any) -> None:
    with start(tmp_path) as served, served.connect() as client:
        client.sendall(_head(f"{PROXY}/0/half", 20 * MIB) + b"x" * 5 * MIB)
        until(lambda: len(served.files()) == 1)
        served.process.terminate()
        client.close()
        served.process.wait(120)

    assert list((tmp_path / "store").iterdir()) == []


def test_a_download_that_the_client_aborts_is_not_read_to_its_end(server: Server, place: str) -> None:
    if not Path("/proc/self/io").exists():
        pytest.skip("this system does not tell what a process has read")
    server.ask("PUT", f"{place}/large", b"x" * 64 * MIB)
    file = server.store / place.removeprefix(PROXY + "/") / "large"
    before = _read_bytes(server)

    with server.connect() as client:
        client.sendall(b"GET %s/large HTTP/1.1\r\nHost: localhost\r\n\r\n" % place.encode())
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert _is_open(server, file)

    until(lambda: not _is_open(server, file))
    assert _read_bytes(server) - before < 32 * MIB


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_file_that_fails_midway_closes_the_connection_and_logs_one_line(
    tmp_path: Path, start: Any, capfd: pytest.CaptureFixture[str], version: str
) -> None:
    with start(tmp_path) as served:
        served.ask("PUT", f"{PROXY}/0/large", b"x" * 64 * MIB)
        with served.connect() as client:
            client.sendall(f"GET {PROXY}/0/large HTTP/{version}\r\nHost: localhost\r\n\r\n".encode())
            assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
            os.truncate(served.store / "0" / "large", MIB)
            with pytest.raises(ConnectionResetError):
                _read_to_the_end(client)
        assert served.ask("GET", "/health").status == 200

    (line,) = [line for line in capfd.readouterr().err.splitlines() if line]
    assert line.endswith("an answer was cut: Artifact '0/large' became shorter while it was read")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose memory is compared."""
    with started(tmp_path_factory.mktemp("measured"), forked=False) as served:
        yield served


@pytest.mark.slow
def test_a_large_file_is_transferred_in_little_memory(measured: Server, place: str) -> None:
    measured.ask("PUT", f"{place}/warm", b"x" * 8 * MIB)
    measured.ask("GET", f"{place}/warm")
    measured.ask("GET", "/api/trackside/v1/links")  # answered once the server has loaded the last of its modules
    before = measured.peak_kib()

    with measured.connect() as client:
        client.sendall(_head(f"{place}/large", 256 * MIB))
        for _ in range(256):
            client.sendall(bytes(MIB))
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
    with measured.connect() as client:
        client.sendall(b"GET %s/large HTTP/1.1\r\nHost: localhost\r\n\r\n" % place.encode())
        received = 0
        while received < 256 * MIB:
            received += len(client.recv(MIB))

    assert measured.peak_kib() - before < 64 << 10
    measured.ask("DELETE", f"{place}/large")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_5_gib_are_stored_and_read_unchanged_in_little_memory(measured: Server, place: str) -> None:
    """Above the limit of 4 GiB of 32-bit numbers."""
    count = 5 << 10
    if shutil.disk_usage(measured.store).free < (count + 1024) * MIB:
        pytest.skip("there is no room for 5 GiB")
    measured.ask("PUT", f"{place}/warm", b"x" * 8 * MIB)
    measured.ask("GET", f"{place}/warm")
    before = measured.peak_kib()

    with measured.connect() as client:
        client.settimeout(60)
        client.sendall(_head(f"{place}/large", count * MIB))
        for i in range(count):
            client.sendall(_mib(i))
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
    with measured.connect() as client, client.makefile("rb") as answer:
        client.sendall(b"GET %s/large HTTP/1.1\r\nHost: localhost\r\n\r\n" % place.encode())
        head = [line.strip().lower() for line in iter(answer.readline, b"\r\n")]
        assert b"content-length: %d" % (count * MIB) in head
        assert all(answer.read(MIB) == _mib(i) for i in range(count))
    end = measured.ask("GET", f"{place}/large", range=f"bytes={count * MIB - 8}-")
    listed = measured.ask("GET", f"{PROXY}?path={place.removeprefix(PROXY + '/')}").json["files"]

    assert (end.status, end.body) == (206, _mib(count - 1)[-8:])
    assert {"path": "large", "is_dir": False, "file_size": count * MIB} in listed
    assert measured.peak_kib() - before < 64 << 10
    assert measured.ask("DELETE", f"{place}/large").status == 200


def _mib(number: int) -> bytes:
    """A piece unlike the others."""
    return number.to_bytes(8, "little") * (MIB // 8)


def _head(path: str, length: int) -> bytes:
    return f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n".encode()


def _read_to_the_end(client: socket.socket) -> None:
    while client.recv(MIB):
        pass


def _is_open(server: Server, file: Path) -> bool:
    for each in Path(f"/proc/{server.process.pid}/fd").iterdir():
        try:
            if each.readlink() == file:
                return True
        except OSError:  # closed meanwhile
            continue
    return False


def _read_bytes(server: Server) -> int:
    return int(Path(f"/proc/{server.process.pid}/io").read_text().split("rchar:")[1].split()[0])
