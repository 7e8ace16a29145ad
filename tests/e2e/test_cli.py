"""The command line as an operator meets it: real processes, real sockets, real files."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from support.postgres import Postgres

TRACKSIDE = [sys.executable, "-m", "trackside.cli.main"]
TIMEOUT_S = 20.0


def environment(**variables: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("TRACKSIDE_")} | variables


def run(*words: str, cwd: Path, **variables: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    done = subprocess.run(
        [*TRACKSIDE, *words],
        cwd=cwd,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"


@dataclass
class Server:
    process: "subprocess.Popen[str]"
    line: str

    @property
    def port(self) -> int:
        found = re.search(r":(\d+)", self.line.partition("//")[2])
        assert found is not None, self.line
        return int(found[1])

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            connection.request(
                method,
                path,
                None if body is None else json.dumps(body),
                {"Content-Type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()},
            )
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def raw(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Exit code, and what it said on its way out."""
        self.process.send_signal(number)
        said, complaints = self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode, said + complaints


Start = Callable[..., Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a server on a free port; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def make(*words: str, port: str = "0", **variables: str) -> Server:
        process = subprocess.Popen(
            [*TRACKSIDE, "server", "--port", port, *words],
            cwd=tmp_path,
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            pytest.fail(f"the server did not start: {process.communicate(timeout=TIMEOUT_S)[1]}")
        return Server(process, line.strip())

    yield make
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


# Words


@pytest.mark.parametrize("words", [[], ["server"], ["db"], ["db", "check"], ["db", "upgrade"], ["doctor"], ["version"]])
def test_every_command_explains_itself(words: list[str], tmp_path: Path) -> None:
    code, said, complaints = run(*words, "-h", cwd=tmp_path)

    assert (code, complaints) == (0, "")
    assert said.startswith(f"usage: {' '.join(['trackside', *words])} ")


def test_help_names_every_flag_with_its_variable(tmp_path: Path) -> None:
    _, said, _ = run("server", "-h", cwd=tmp_path, COLUMNS="200")

    for flag in re.findall(r"--[a-z-]+", said):
        if flag not in ("--help", "--backend-store-uri", "--artifacts-destination"):
            assert "TRACKSIDE_" + flag.strip("-").replace("-", "_").upper() in said


def test_version_is_told_in_both_forms_whatever_the_environment_says(tmp_path: Path) -> None:
    long = run("version", cwd=tmp_path, TRACKSIDE_PORT="x")
    short = run("--version", cwd=tmp_path)

    assert long[0] == short[0] == 0
    assert short[1].split() == long[1].split()[:2]
    assert long[1].split()[0] == "trackside"
    assert sqlite3.sqlite_version in long[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["serve"], "invalid choice: 'serve'"),
        (["server", "--prot", "1"], "unknown: --prot 1 (trackside server -h shows what there is)"),
        (["server", "--port"], "--port/-p: expected one argument"),
        (["server", "--port", "x"], "--port is 'x'; it must be a number from 0 to 65535"),
        (["server", "-h", "0.0.0.0"], "MLflow's -h ADDRESS is --host ADDRESS"),
        (
            ["server", "--gunicorn-opts", "--timeout=9"],
            "--gunicorn-opts is a flag of MLflow's server that Trackside has",
        ),
        (["server", "--backend-store-uri", "./mlruns"], "a folder of files (such as mlruns) cannot be the store"),
        (["server", "--workers", "2"], "a SQLite store has one writing process"),
        (["server", "--host", "0.0.0.0"], "Add --allow-unauthenticated if you want that"),
        (["server", "--host", "::"], "Add --allow-unauthenticated if you want that"),
        (["server", "--host", "no.such.host.invalid"], "which this machine cannot resolve"),
        (["server", "--host", "192.0.2.1", "--allow-unauthenticated"], "which is no address of this machine"),
        (["server", "--data", "a-file/x"], "choose another place with --data"),
        (["server", "--store", "sqlite:///a-file/x.db"], "choose another place"),
        (["server", "--store", "sqlite:///a-file"], "cannot be opened (file is not a database)"),
        (["db", "check", "--store", "sqlite:///a-file"], "cannot be opened (file is not a database)"),
        (["db", "check", "--workers", "1"], "unknown: --workers 1"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(words: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("not a database" * 100)

    code, said, complaints = run(*words, cwd=tmp_path)

    assert (code, said) == (2, "")
    assert complaints.startswith("trackside: ")
    assert complaints.count("\n") == 1
    assert message in complaints


def test_a_command_without_its_second_word_shows_what_there_is(tmp_path: Path) -> None:
    for words in ([], ["db"]):
        code, said, _ = run(*words, cwd=tmp_path)

        assert code == 2
        assert "commands:" in said


def test_help_and_mistakes_come_before_the_heavy_imports(tmp_path: Path) -> None:
    source = """
import sys
from trackside.cli.main import main
try:
    main(["server", "-h"])
except SystemExit:
    pass
main(["server", "--port", "x"])
print(sorted({"uvicorn", "asyncio", "sqlite3", "trackside.app"} & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", source], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stderr.splitlines()[-1] == "[]"


def test_the_server_imports_no_client_and_no_science(tmp_path: Path) -> None:
    source = "import sys, trackside.cli.serve; print(sorted({m.partition('.')[0] for m in sys.modules}))"

    done = subprocess.run([sys.executable, "-c", source], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert not {"mlflow", "numpy", "pandas", "obstore", "pg8000", "requests"} & set(eval(done.stdout))


# Start and end


def test_one_line_says_where_it_listens_and_what_it_uses(start: Start, tmp_path: Path) -> None:
    server = start()

    database = tmp_path / "trackside-data" / "trackside.db"
    expected = f"Trackside listening on http://127.0.0.1:{server.port} (store sqlite {database}, durability full)"
    assert server.line == expected
    assert server.ask("GET", "/health") == (200, b"OK")
    assert database.exists()


def test_settings_come_from_the_environment_too(start: Start, tmp_path: Path) -> None:
    server = start(
        TRACKSIDE_DATA="there", TRACKSIDE_DURABILITY="relaxed", TRACKSIDE_STATIC_PREFIX="/tracks", TRACKSIDE_PROT="1"
    )

    assert f"/tracks (store sqlite {tmp_path}/there/trackside.db, durability relaxed)" in server.line
    assert server.ask("GET", "/tracks/health") == (200, b"OK")
    assert server.ask("GET", "/health")[0] == 404
    assert server.stop() == (0, "trackside: TRACKSIDE_PROT is no setting; did you mean TRACKSIDE_PORT?\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_leaves_cleanly_when_told_also_with_idle_clients(start: Start, number: signal.Signals) -> None:
    server = start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S) as idle:
        idle.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(65536).startswith(b"HTTP/1.1 200")

        assert server.stop(number) == (0, "")
        assert idle.recv(65536) == b""


def test_a_request_under_way_is_finished_before_it_leaves(start: Start, tmp_path: Path) -> None:
    server = start()
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
        pass  # it was in the queue when the door closed
    return False


def test_after_a_kill_it_starts_again_with_what_it_had_acknowledged(start: Start) -> None:
    server = start()
    status, _ = server.ask("POST", "/api/2.0/mlflow/experiments/create", {"name": "kept"})
    server.process.kill()
    server.process.wait()

    again = start()

    assert status == 200
    assert again.ask("GET", "/api/2.0/mlflow/experiments/get-by-name?experiment_name=kept")[0] == 200


# One server a folder


def test_a_second_server_on_the_same_folder_is_refused_with_the_firsts_pid_and_port(
    start: Start, tmp_path: Path
) -> None:
    first = start()
    (tmp_path / "alias").symlink_to("trackside-data")

    for folder in ("trackside-data", "alias"):
        code, _, complaint = run("server", "--port", "0", "--data", folder, cwd=tmp_path)

        assert code == 2
        assert complaint.startswith(f"trackside: {tmp_path}/trackside-data is in use by the server with pid ")
        assert f"pid {first.process.pid}, on port {first.port}; stop that one" in complaint


def test_a_second_server_on_the_same_sqlite_file_is_refused_too(start: Start, tmp_path: Path) -> None:
    first = start()
    store = "sqlite:///trackside-data/trackside.db"

    code, _, complaint = run("server", "--port", "0", "--data", "other", "--store", store, cwd=tmp_path)

    assert code == 2
    assert f"trackside.db is in use by the server with pid {first.process.pid}, on port {first.port}" in complaint


def test_the_folder_is_free_again_when_the_server_has_gone(start: Start) -> None:
    start().stop()
    start()


def test_a_port_in_use_is_named_with_its_holder(start: Start, tmp_path: Path) -> None:
    first = start()

    code, _, complaint = run("server", "--port", str(first.port), "--data", "other", cwd=tmp_path)

    assert code == 2
    assert f"port {first.port} of 127.0.0.1 is in use" in complaint
    if sys.platform == "linux":
        assert f"by pid {first.process.pid} (" in complaint


# Several processes


@pytest.fixture(scope="module")
def postgresql(postgres: Postgres) -> Iterator[str]:
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.mark.slow
def test_workers_share_the_socket_and_are_replaced(start: Start, postgresql: str) -> None:
    server = start("--workers", "2", "--store", postgresql)
    first = children(server)
    os.kill(min(first), signal.SIGKILL)
    until(lambda: len(children(server)) == 2 and min(first) not in children(server))

    answers = [server.ask("POST", "/api/2.0/mlflow/experiments/create", {"name": f"e{i}"})[0] for i in range(8)]

    assert len(first) == 2
    assert answers == [200] * 8
    assert server.stop() == (0, f"trackside: worker {min(first)} was killed by SIGKILL; starting another\n")


@pytest.mark.slow
def test_workers_leave_when_their_supervisor_was_killed(start: Start, postgresql: str) -> None:
    server = start("--workers", "2", "--store", postgresql)
    workers = children(server)

    server.process.kill()

    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    start("--store", postgresql)  # the data folder is free


def test_workers_that_cannot_start_say_so_once(tmp_path: Path) -> None:
    store = f"postgresql://me@127.0.0.1:{free_port()}/tracks"

    code, said, complaints = run("server", "--port", "0", "--workers", "3", "--store", store, cwd=tmp_path)

    assert (code, said) == (2, "")
    assert complaints.startswith(f"trackside: the store {store} cannot be opened (")
    assert complaints.count("\n") == 1


def children(server: Server) -> set[int]:
    pid = server.process.pid
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


# Who may talk to it


def test_beyond_loopback_it_listens_when_that_is_wanted(start: Start) -> None:
    server = start("--host", "0.0.0.0", "--allow-unauthenticated")

    assert server.line.startswith("Trackside listening on http://0.0.0.0:")
    assert server.ask("GET", "/health") == (200, b"OK")


def test_a_foreign_name_gets_an_answer_that_names_the_setting(start: Start) -> None:
    server = start()

    status, body = server.ask("GET", "/api/3.0/mlflow/server-info", Host="evil.example")

    assert status == 403
    answer = json.loads(body)
    assert answer["error_code"] == "PERMISSION_DENIED"
    assert "--allowed-hosts evil.example" in answer["message"]
    assert server.ask("GET", "/health", Host="evil.example") == (200, b"OK")
    assert server.ask("GET", "/api/3.0/mlflow/server-info", Host=f"localhost:{server.port + 1}")[0] == 200


def test_allowed_hosts_open_a_name(start: Start) -> None:
    server = start("--allowed-hosts", "tracks.example")

    assert server.ask("GET", "/api/3.0/mlflow/server-info", Host="tracks.example:80")[0] == 200
    assert server.ask("GET", "/api/3.0/mlflow/server-info", Host="localhost")[0] == 403


def test_tricks_with_the_host_are_seen_through(start: Start) -> None:
    server = start()

    for head, status in (
        (b"GET http://localhost/ HTTP/1.1\r\nHost: evil.example", b"403"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example", b"400"),
        (b"GET / HTTP/1.1\r\nHost: localhost@evil.example", b"400"),
        (b"GET / HTTP/1.1\r\nHost: [::1]:1", b"200"),
        (b"GET / HTTP/1.1\r\nHost:", b"400"),
        (b"GET / HTTP/1.1\r\nX: y", b"400"),
        (b"GET / HTTP/1.1\r\nHost : localhost", b"400"),
        (b"GET / HTTP/1.1\r\nHost: \xff\xfe", b"400"),
    ):
        answer = server.raw(head + b"\r\nConnection: close\r\n\r\n")
        assert answer.split(b" ")[1] == status, head


def test_a_foreign_page_cannot_write_and_a_listed_one_can(start: Start) -> None:
    server = start("--cors-allowed-origins", "https://app.example")
    create = ("POST", "/api/2.0/mlflow/experiments/create")

    assert server.ask(*create, {"name": "a"}, Origin="https://evil.example")[0] == 403
    assert server.ask(*create, {"name": "b"}, Origin="https://app.example")[0] == 200
    assert server.ask(*create, {"name": "c"}, Origin=f"http://127.0.0.1:{server.port}")[0] == 200
    assert server.ask("GET", "/api/2.0/mlflow/experiments/get-by-name?experiment_name=a")[0] == 404


def test_a_preflight_is_answered(start: Start) -> None:
    answer = start().raw(
        b"OPTIONS /api/2.0/mlflow/runs/create HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:3000\r\n"
        b"Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n"
    )

    assert answer.startswith(b"HTTP/1.1 200")
    assert b"access-control-allow-origin: http://localhost:3000\r\n" in answer


# The store's schema, and the doctor


def test_the_schema_is_made_checked_and_upgraded(tmp_path: Path) -> None:
    unmade = run("db", "check", cwd=tmp_path)
    upgraded = run("db", "upgrade", cwd=tmp_path)
    again = run("db", "upgrade", cwd=tmp_path)
    checked = run("db", "check", cwd=tmp_path)

    assert [outcome[0] for outcome in (unmade, upgraded, again, checked)] == [0, 0, 0, 0]
    assert "not made yet" in unmade[1]
    assert "applied 0001_" in upgraded[1]
    assert "was up to date" in again[1]
    assert checked[1].strip().endswith("up to date")


def test_a_newer_schema_is_refused_by_all(tmp_path: Path) -> None:
    run("db", "upgrade", cwd=tmp_path)
    with sqlite3.connect(tmp_path / "trackside-data" / "trackside.db") as database:
        database.execute(
            "INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (9999, 'x', 'y', 0)"
        )
    database.close()

    for words in (["db", "check"], ["db", "upgrade"], ["server", "--port", "0"]):
        code, _, complaint = run(*words, cwd=tmp_path)
        assert (code, "newer than this Trackside knows" in complaint) == (2, True)


def test_a_running_servers_store_is_checked_and_not_upgraded(start: Start, tmp_path: Path) -> None:
    server = start()

    assert run("db", "check", cwd=tmp_path)[0] == 0
    code, _, complaint = run("db", "upgrade", cwd=tmp_path)
    assert code == 2
    assert f"pid {server.process.pid}" in complaint


def test_mlflows_own_database_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE experiments (experiment_id INTEGER)")
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
    database.close()
    before = file.read_bytes()

    for words in (["server", "--port", "0"], ["db", "check"], ["db", "upgrade"]):
        code, _, complaint = run(*words, "--store", "sqlite:///mlflow.db", cwd=tmp_path)
        assert (code, "a database of MLflow's own server" in complaint) == (2, True)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_the_doctor_finds_a_fresh_place_well_and_leaves_nothing(tmp_path: Path) -> None:
    port = str(free_port())

    code, said, complaints = run("doctor", "--port", port, cwd=tmp_path)

    assert (code, complaints) == (0, "")
    checks = {line.split("  ")[0] for line in said.splitlines()}
    assert checks >= {
        "python",
        "sqlite",
        "data folder",
        "disk sync",
        "free space",
        "store",
        "artifacts",
        "port",
        "clock",
    }
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_speaks_to_programs_and_says_what_is_broken(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_text("not a database" * 100)
    port = str(free_port())

    code, said, _ = run("doctor", "--json", "--port", port, "--store", "sqlite:///broken.db", cwd=tmp_path)

    assert code == 1
    findings = {finding["check"]: finding for finding in json.loads(said)}
    assert [name for name, finding in findings.items() if finding["state"] == "broken"] == ["store"]
    assert "file is not a database" in findings["store"]["detail"]


def test_the_doctor_is_at_ease_beside_a_running_server(start: Start, tmp_path: Path) -> None:
    server = start()

    code, said, _ = run("doctor", "--json", "--port", str(server.port), cwd=tmp_path)

    findings = {finding["check"]: finding["detail"] for finding in json.loads(said)}
    assert code == 0
    assert f"pid {server.process.pid}, on port {server.port}" in findings["server"]
    assert "taken by the server of this data folder" in findings["port"]
    assert server.ask("GET", "/health") == (200, b"OK")


def test_the_doctor_names_who_has_the_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        code, said, _ = run("doctor", "--json", "--port", str(port), cwd=tmp_path)

    findings = {finding["check"]: finding for finding in json.loads(said)}
    assert code == 1
    assert findings["port"]["state"] == "broken"
    assert f"port {port} of 127.0.0.1 is in use" in findings["port"]["detail"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as made:
        port: int = made.getsockname()[1]
        return port
