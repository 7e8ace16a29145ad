"""Host and Origin: accepted and refused requests, also with manipulated headers."""

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackside.core.http.security import MAX_REMEMBERED, Guard, Refusal
from trackside.core.options import NEAR_HOSTS

NEAR = Guard(NEAR_HOSTS)
PRIVATE = [
    *("127.0.0.1", "127.9.9.9", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.1", "192.168.1.1", "0.0.0.0"),
    *("[::1]", "[fc00::1]", "[fd12:3456::1]", "localhost", "LocalHost", "localhost."),
]
FOREIGN = [
    *("evil.example", "8.8.8.8", "172.15.0.1", "172.32.0.1", "192.169.0.1", "11.0.0.1", "[2001:db8::1]", "[::2]"),
    *("10.evil.example", "192.168.evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "xlocalhost"),
    *(
        "fc00.evil.example",
        "127.1",
        "0x7f.0.0.1",
        "2130706433",
        "0177.0.0.1",
        "localhost..",
        "127.0.0.01",
    ),
]
MALFORMED = [
    *("", " ", ".:x", "a b", "a,b", "user@localhost", "localhost:5000@evil.example", "localhost/", "http://localhost"),
    *(
        "[::1",
        "::1",
        "[::1]x",
        "[localhost]",
        "localhost:99999x",
        "localhost:-1",
        "localhost\t",
        "locälhost",
    ),
    *(
        "localhost\x00",
        "localhost#",
        "localhost?",
        "localhost\\",
        "%6cocalhost",
        "[::1%25eth0]",
        "[1::2::3]",
        "a" * 300,
    ),
]


def scope(
    method: str = "POST", path: str = "/api/2.0/mlflow/runs/create", **headers: str | list[str]
) -> dict[str, Any]:
    pairs = [
        (name.replace("_", "-").encode(), value.encode("latin-1"))
        for name, values in headers.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    return {"type": "http", "method": method, "path": path, "headers": pairs}


def told(refusal: Refusal | None) -> tuple[int, str, str]:
    assert refusal is not None
    answer = msgspec.json.decode(refusal.body)
    assert refusal.headers == [(b"content-type", b"application/json")]
    return refusal.status, answer["error_code"], answer["message"]


# Host


def test_by_default_loopback_and_private_hosts_are_allowed_with_any_port(subtests: pytest.Subtests) -> None:
    for host in PRIVATE:
        for port in ["", ":", ":5000", ":1"]:
            with subtests.test(host=host, port=port):
                assert NEAR.check(scope(host=host + port)) is None


def test_by_default_any_other_name_is_refused_and_the_setting_is_named(subtests: pytest.Subtests) -> None:
    for host in FOREIGN:
        with subtests.test(host=host):
            status, code, message = told(NEAR.check(scope("GET", host=host + ":5000")))

            assert (status, code) == (403, "PERMISSION_DENIED")
            assert "--allowed-hosts" in message
            assert "TRACKSIDE_ALLOWED_HOSTS" in message


def test_an_invalid_host_is_refused_as_a_bad_request(subtests: pytest.Subtests) -> None:
    for host in MALFORMED:
        with subtests.test(host=host):
            assert told(NEAR.check(scope(host=host)))[:2] == (400, "BAD_REQUEST")


def test_a_request_without_host_is_refused() -> None:
    assert told(NEAR.check(scope()))[:2] == (400, "BAD_REQUEST")


def test_several_host_headers_are_refused_whatever_they_say() -> None:
    for guard in (NEAR, Guard(["*"])):
        for hosts in (["localhost", "evil.example"], ["evil.example", "localhost"], ["localhost", "localhost"]):
            assert told(guard.check(scope(path="/health", host=hosts)))[0] == 400


def test_a_target_with_a_host_of_its_own_changes_nothing() -> None:
    # The server hands on the path of `GET http://localhost/x` only; what counts is the Host header.
    assert told(NEAR.check(scope(path="/x", host="evil.example")))[0] == 403
    assert told(NEAR.check(scope(path="http://localhost/x", host="evil.example")))[0] == 403


def test_only_health_and_version_answer_to_any_host() -> None:
    for path in ("/health", "/version"):
        assert NEAR.check(scope("GET", path, host="evil.example")) is None
        assert NEAR.check(scope("GET", path)) is None
    for path in ("/health/", "/healthy", "/api/health", "//health", "/health/../api", "/ws/a/health", "health", ""):
        assert NEAR.check(scope("GET", path, host="evil.example")) is not None


def test_below_a_prefix_the_open_paths_move_along() -> None:
    guard = Guard(NEAR_HOSTS, prefix="/mlflow")

    assert guard.check(scope("GET", "/mlflow/health", host="evil.example")) is None
    assert guard.check(scope("GET", "/health", host="evil.example")) is not None


def test_given_hosts_replace_the_default() -> None:
    guard = Guard(["tracks.example:443", "*.lab.example", "10.0.0.*", "[2001:DB8::0:1]", "app-*.x"])

    for host in ("tracks.example", "TRACKS.example:5000", "a.lab.example", "a.b.lab.example", "10.0.0.7", "app-1.x"):
        assert guard.check(scope(host=host)) is None, host
    assert guard.check(scope(host="[2001:db8::1]:80")) is None
    for host in (
        "localhost",
        "lab.example",
        "10.0.1.7",
        "10.0.0.evil",
        "tracks.example.evil",
        "xtracks.example",
        "app.x",
    ):
        assert guard.check(scope(host=host)) is not None, host


def test_a_dot_in_an_allowed_host_is_a_dot() -> None:
    assert Guard(["a.example"]).check(scope(host="axexample")) is not None


def test_a_star_allows_every_name() -> None:
    guard = Guard(["*"])

    for host in [*PRIVATE, *FOREIGN, *MALFORMED]:
        assert guard.check(scope(host=host)) is None
    assert guard.check(scope()) is None


@given(st.from_regex(r"\A[ -~]{0,40}\Z") | st.from_regex(r"\A[0-9a-fx.:\[\]]{0,20}\Z"))
def test_only_localhost_and_private_addresses_are_allowed_by_default(host: str) -> None:
    if NEAR.check(scope(host=host)) is not None:
        return

    name = re.sub(r":[0-9]*$", "", host).lower()
    if name.startswith("["):
        assert IPv6Address(name[1:-1]).is_private
    elif name.removesuffix(".") != "localhost":
        assert IPv4Address(name.removesuffix(".")).is_private


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6), st.integers(0, 65535))
def test_the_port_never_matters(address: IPv4Address | IPv6Address, port: int) -> None:
    host = f"[{address}]" if address.version == 6 else str(address)

    assert (NEAR.check(scope(host=host)) is None) == (NEAR.check(scope(host=f"{host}:{port}")) is None)


@given(st.binary(max_size=60))
def test_any_bytes_in_a_host_header_are_decided(host: bytes) -> None:
    asked = {"type": "http", "method": "POST", "path": "/x", "headers": [(b"host", host), (b"origin", host)]}

    for guard in (NEAR, Guard(["a*b", "[::1]"], ["https://*.x", "*://a"]), Guard(["*"], ["*"])):
        first = guard.check(asked)
        assert guard.check(asked) == first
        assert all(value.isascii() and b"\n" not in value for _, value in guard.cors_headers(asked)) or host.isascii()


def test_memory_stays_bounded_when_every_request_names_another_host() -> None:
    guard = Guard(NEAR_HOSTS, [])

    for number in range(3 * MAX_REMEMBERED):
        guard.check(scope(host=f"h{number}.example"))
        guard.check(scope(host="localhost", origin=f"https://h{number}.example"))
        guard.check(scope(host="x" * 5000 + str(number), origin="y" * 5000 + str(number)))

    assert len(guard._known_hosts) <= MAX_REMEMBERED
    assert len(guard._known_origins) <= MAX_REMEMBERED
    assert max(map(len, guard._known_hosts)) < 300


# Origin


def test_a_foreign_page_may_not_write(subtests: pytest.Subtests) -> None:
    origins = [
        *(
            "https://evil.example",
            "null",
            "",
            "http://localhost.evil.example",
            "http://localhost@evil.example",
            "file://",
        ),
        *("http://10.0.0.5:5001", "https://localhost:x", "localhost", "http://", "chrome-extension://localhost/x"),
    ]
    for origin in origins:
        for method in ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"]:
            with subtests.test(origin=origin, method=method):
                status, code, message = told(NEAR.check(scope(method, host="10.0.0.5:5000", origin=origin)))

                assert (status, code) == (403, "PERMISSION_DENIED")
                assert "Cross-origin request blocked" in message
                assert "--cors-allowed-origins" in message
                assert "TRACKSIDE_CORS_ALLOWED_ORIGINS" in message


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_foreign_page_may_send_reads_and_cannot_read_the_answers(method: str) -> None:
    asked = scope(method, host="localhost", origin="https://evil.example")

    assert NEAR.check(asked) is None
    assert NEAR.cors_headers(asked) == [(b"vary", b"Origin")]


def test_pages_of_this_machine_may_write(subtests: pytest.Subtests) -> None:
    cases = ["http://localhost:3000", "http://127.0.0.1:8888", "http://[::1]:1", "https://localhost"]
    for origin in cases:
        with subtests.test(origin=origin):
            asked = scope(host="localhost:5000", origin=origin)

            assert NEAR.check(asked) is None
            assert (b"access-control-allow-origin", origin.encode()) in NEAR.cors_headers(asked)


def test_the_servers_own_pages_may_write(subtests: pytest.Subtests) -> None:
    cases = [
        ("10.0.0.5:5000", "http://10.0.0.5:5000"),
        ("tracks.example", "https://tracks.example"),
        ("tracks.example", "http://tracks.example:80"),
        ("Tracks.example:443", "https://tracks.example"),
        ("[fd00::1]:5000", "http://[fd00:0::1]:5000"),
    ]
    for host, origin in cases:
        with subtests.test(host=host, origin=origin):
            assert Guard([*NEAR_HOSTS, "tracks.example"]).check(scope(host=host, origin=origin)) is None


def test_another_port_of_the_same_host_is_another_origin() -> None:
    assert NEAR.check(scope(host="10.0.0.5:5000", origin="http://10.0.0.5:5001")) is not None
    assert NEAR.check(scope(host="10.0.0.5", origin="http://10.0.0.5:5000")) is not None


def test_listed_origins_may_write_and_read() -> None:
    guard = Guard(NEAR_HOSTS, ["https://app.example", "https://*.lab.example", "vscode-webview://*"])

    for origin in ("https://app.example", "https://a.lab.example", "vscode-webview://abc", "HTTPS://APP.example"):
        asked = scope(host="localhost", origin=origin)
        assert guard.check(asked) is None
        headers = dict(guard.cors_headers(asked))
        assert headers[b"access-control-allow-origin"] == origin.encode()
        assert headers[b"access-control-allow-credentials"] == b"true"
        assert headers[b"vary"] == b"Origin"
    for origin in ("http://app.example", "https://app.example:444", "https://lab.example", "https://app.example.evil"):
        assert guard.check(scope(host="localhost", origin=origin)) is not None


def test_a_star_allows_every_origin_without_cookies() -> None:
    guard = Guard(NEAR_HOSTS, ["*"])
    asked = scope(host="localhost", origin="https://any.example")

    assert guard.check(asked) is None
    headers = dict(guard.cors_headers(asked))
    assert headers[b"access-control-allow-origin"] == b"*"
    assert b"access-control-allow-credentials" not in headers


def test_several_origin_headers_are_refused() -> None:
    asked = scope(host="localhost", origin=["http://localhost", "http://localhost"])

    assert NEAR.check(asked) is not None
    assert NEAR.cors_headers(asked) == [(b"vary", b"Origin")]


def test_a_client_without_an_origin_header_is_accepted() -> None:
    asked = scope(host="localhost")

    assert NEAR.check(asked) is None
    assert NEAR.cors_headers(asked) == []


def test_a_preflight_is_answered_for_allowed_origins_only() -> None:
    asks = {"access_control_request_method": "PUT", "access_control_request_headers": "content-type,x-mlflow-workspace"}

    granted = NEAR.check(scope("OPTIONS", host="localhost:5000", origin="http://localhost:3000", **asks))
    denied = NEAR.check(scope("OPTIONS", host="localhost:5000", origin="https://evil.example", **asks))

    assert granted is not None
    assert (granted.status, granted.body) == (200, b"")
    headers = dict(granted.headers)
    assert headers[b"access-control-allow-origin"] == b"http://localhost:3000"
    assert headers[b"access-control-allow-headers"] == b"content-type,x-mlflow-workspace"
    assert b"PATCH" in headers[b"access-control-allow-methods"]
    assert told(denied)[0] == 403


def test_a_preflight_returns_only_valid_header_names() -> None:
    asked = scope(
        "OPTIONS",
        host="localhost",
        origin="http://localhost",
        access_control_request_method="PUT",
        access_control_request_headers="a\r\nset-cookie: x",
    )

    granted = NEAR.check(asked)

    assert granted is not None
    assert b"access-control-allow-headers" not in dict(granted.headers)
