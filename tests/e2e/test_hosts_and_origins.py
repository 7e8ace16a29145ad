"""A server refuses foreign Host headers, foreign origins and requests of other machines."""

import json

from support.processes.command_line import Launch


def test_a_foreign_host_is_refused_with_the_setting_that_allows_it(launch: Launch) -> None:
    server = launch()

    status, body = server.ask("GET", "/api/3.0/mlflow/server-info", Host="evil.example")

    assert status == 403
    answer = json.loads(body)
    assert answer["error_code"] == "PERMISSION_DENIED"
    assert "--allowed-hosts evil.example" in answer["message"]
    assert server.ask("GET", "/health", Host="evil.example") == (200, b"OK")
    assert server.ask("GET", "/api/3.0/mlflow/server-info", Host=f"localhost:{server.port + 1}")[0] == 200


def test_allowed_hosts_admit_a_host(launch: Launch) -> None:
    server = launch("--allowed-hosts", "tracks.example")

    assert server.ask("GET", "/api/3.0/mlflow/server-info", Host="tracks.example:80")[0] == 200
    assert server.ask("GET", "/api/3.0/mlflow/server-info", Host="localhost")[0] == 403


def test_malformed_host_headers_are_refused(launch: Launch) -> None:
    server = launch()

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


def test_a_foreign_page_cannot_write_and_a_listed_one_can(launch: Launch) -> None:
    server = launch("--cors-allowed-origins", "https://app.example")
    create = ("POST", "/api/2.0/mlflow/experiments/create")

    assert server.ask(*create, {"name": "a"}, Origin="https://evil.example")[0] == 403
    assert server.ask(*create, {"name": "b"}, Origin="https://app.example")[0] == 200
    assert server.ask(*create, {"name": "c"}, Origin=f"http://127.0.0.1:{server.port}")[0] == 200
    assert server.ask("GET", "/api/2.0/mlflow/experiments/get-by-name?experiment_name=a")[0] == 404


def test_a_preflight_is_answered(launch: Launch) -> None:
    answer = launch().raw(
        b"OPTIONS /api/2.0/mlflow/runs/create HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:3000\r\n"
        b"Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n"
    )

    assert answer.startswith(b"HTTP/1.1 200")
    assert b"access-control-allow-origin: http://localhost:3000\r\n" in answer
