"""The hosts that the server may call for users: decided by the resolved address, without revealing the reason."""

import itertools
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pytest

from support.faults.remotes import Remote, whole
from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.credentials import Secret
from trackside.core.http_client.errors import RemoteUnavailable, RequestRejected
from trackside.core.outgoing.addresses import OPEN, Rules, listed
from trackside.core.outgoing.guard import Forbidden, Guard
from trackside.core.settings import SettingError, load

CLOSED = Rules(tells=False)
METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "2002:a9fe:a9fe::",  # 6to4
    "64:ff9b::a9fe:a9fe",  # NAT64
    "64:ff9b:1::169.254.169.254",
    "::169.254.169.254",  # IPv4-compatible
    "::ffff:0:169.254.169.254",  # IPv4-translated
    "2001:db8::5efe:169.254.169.254",  # ISATAP
    "2001:0:53aa:64c:0:0:5601:5601",  # Teredo
]
NOWHERE = ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1"]
PRIVATE = [
    "127.0.0.1",
    "::1",
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "100.64.0.1",
    "fd12::1",
    "fec0::1",
    "::ffff:127.0.0.1",
    "::7f00:1",
]
PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"]


def names(*found: str) -> Any:
    def resolve(host: str, port: int, **_: object) -> Sequence[Any]:
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in each], socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    return resolve


def cut(line: socket.socket, over: threading.Event) -> None:
    """Answers nothing."""
    line.shutdown(socket.SHUT_RDWR)


def not_http(line: socket.socket, over: threading.Event) -> None:
    line.sendall(b"SSH-2.0-secret\r\n")
    line.shutdown(socket.SHUT_RDWR)


def said(http: HttpClient) -> str:
    """Return the message of a failed call; empty for a successful one."""
    try:
        http.json("GET", "/x")
    except (RemoteUnavailable, RequestRejected) as error:
        return str(error)
    return ""


def deadline() -> float:
    return time.monotonic() + 20


def test_metadata_and_special_addresses_are_closed_for_every_setting(
    subtests: pytest.Subtests,
) -> None:
    for address in METADATA + NOWHERE:
        with subtests.test(address=address):
            everything = Rules(opens_private=True, networks=("0.0.0.0/0", "::/0"), hosts=frozenset({"name"}))

            assert everything.refusal("name", address)


def test_private_addresses_can_be_allowed_by_rule_network_or_name(subtests: pytest.Subtests) -> None:
    for address in PRIVATE:
        with subtests.test(address=address):
            assert Rules().refusal("name", address)
            assert OPEN.refusal("name", address) is None
            assert Rules(hosts=frozenset({"name"})).refusal("NAME.", address) is None
            assert Rules(hosts=frozenset({"name"})).refusal("other", address)
            assert Rules(networks=("0.0.0.0/0", "::/0")).refusal("other", address) is None
            assert Rules(networks=("11.0.0.0/8", "fd13::/16")).refusal("other", address)


def test_public_addresses_are_open(subtests: pytest.Subtests) -> None:
    for address in PUBLIC:
        with subtests.test(address=address):
            assert Rules().refusal("name", address) is None


def test_other_notations_of_an_address_are_recognized(subtests: pytest.Subtests) -> None:
    cases = ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "[::ffff:169.254.169.254]"]
    for host in cases:
        with subtests.test(host=host):
            with pytest.raises((Forbidden, OSError)) as caught:
                Guard(OPEN).connect(host.strip("[]"), 80, deadline())

            if isinstance(caught.value, OSError):  # the name service of this system reads no such spelling
                assert isinstance(caught.value, socket.gaierror)
            else:
                assert "where clouds serve" in str(caught.value)


def test_a_name_that_has_one_closed_address_is_not_called() -> None:
    guard = Guard(Rules(), resolve=names("93.184.216.34", "127.0.0.1"))

    with pytest.raises(Forbidden, match=r"name: 127\.0\.0\.1 is not a public address"):
        guard.connect("name", 80, deadline())


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int, **_: object) -> Any:
        asked.append(host)
        return names("127.0.0.1" if len(asked) == 1 else "169.254.169.254")(host, port)

    with Remote(whole("200 OK", b"{}")) as remote:
        port = int(remote.url.rpartition(":")[2])
        with closing(HttpClient(f"http://name:{port}", Secret(), guard=Guard(OPEN, resolve=resolve))) as http:
            assert http.json("GET", "/x") == {}

    assert asked == ["name"]


def test_a_redirect_to_metadata_is_not_followed() -> None:
    with Remote(whole("302 Found", b"", "location: http://169.254.169.254/latest/meta-data")) as remote:
        http = HttpClient(remote.url, Secret(), guard=Guard(Rules(opens_private=True, tells=False)))
        with closing(http), pytest.raises(RemoteUnavailable) as caught:
            http.json("GET", "/x")

    assert "169.254" not in str(caught.value)


@pytest.mark.parametrize("found", [("10.0.0.1",), ("169.254.169.254",), ()])
def test_only_administrators_get_the_reason_why_a_host_is_unreachable(found: tuple[str, ...]) -> None:
    http = HttpClient("http://name:1", Secret(), guard=Guard(CLOSED, resolve=names(*found)))
    with closing(http), pytest.raises(RemoteUnavailable) as caught:
        http.json("GET", "/x")

    assert str(caught.value) == "http://name:1 cannot be reached by this server"


def test_a_host_that_refuses_and_one_that_cuts_the_connection_read_like_one_that_may_not_be_called() -> None:
    rules = Rules(opens_private=True, tells=False)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    heard = []
    with Remote(cut) as cutting:
        for url in (f"http://127.0.0.1:{port}", cutting.url):
            with (
                closing(HttpClient(url, Secret(), guard=Guard(rules))) as http,
                pytest.raises(RemoteUnavailable) as caught,
            ):
                http.json("GET", "/x")
            heard.append(str(caught.value).removeprefix(url))

    assert heard == [" cannot be reached by this server"] * 2


def test_messages_do_not_quote_answers_of_other_programs(subtests: pytest.Subtests) -> None:
    bodies = [b"secret", b'"secret"', b'["secret"]', b'{"message": "secret"}', b'{"error_code": "secret"}']
    statuses = ["200 OK", "403 Forbidden", "404 Not Found", "500 Internal Server Error"]
    for status, body in itertools.product(statuses, bodies):
        with (
            subtests.test(status=status, body=body),
            Remote(whole(status, body)) as remote,
            closing(HttpClient(remote.url, Secret())) as http,
        ):
            assert "secret" not in said(http)


def test_messages_do_not_quote_an_invalid_status_line() -> None:
    with Remote(not_http) as remote, closing(HttpClient(remote.url, Secret())) as http:
        assert said(http).endswith("its answer is not HTTP)")


def test_a_list_of_remotes_has_hosts_addresses_and_networks() -> None:
    assert listed(["Tracking.internal.", "10.1.2.3", "192.168.0.0/16", "[fd00::1]"]) == (
        frozenset({"tracking.internal"}),
        ("10.1.2.3/32", "192.168.0.0/16", "fd00::1/128"),
    )


def test_an_invalid_remote_is_refused_at_the_start(subtests: pytest.Subtests) -> None:
    cases = ["http://host", "host:5000", "10.0.0.0/40", "a b", "*.internal"]
    for word in cases:
        with (
            subtests.test(word=word),
            pytest.raises(SettingError, match="must be a host name, an address or a network"),
        ):
            load({"--allowed-remotes": word}, {})


def test_a_server_is_local_while_it_listens_on_loopback_only(subtests: pytest.Subtests) -> None:
    cases = [
        ("127.0.0.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("name", False),
    ]
    for host, is_local in cases:
        with subtests.test(host=host, is_local=is_local):
            assert load({"--host": host}, {}).is_local is is_local
