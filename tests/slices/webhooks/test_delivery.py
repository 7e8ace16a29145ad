"""A request to a URL: to the checked address, over TLS for the name, with the credentials of the URL."""

import datetime as dt
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from support.receiver import Receiver, answer
from trackside.core.errors import Invalid
from trackside.core.outgoing.addresses import Rules
from trackside.core.outgoing.guard import Guard
from trackside.webhooks.delivery import MAX_ANSWER_BYTES, Post

NAME = "receiver.example"


class Names:
    """A name service that gives the next of its answers each time, and the last one again and again."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, **_: object) -> list[Any]:
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in found
        ]


def post(names: Names | None = None, *, allow_private: bool = True, timeout_s: float = 5) -> Post:
    rules = Rules(opens_private=allow_private)
    guard = Guard(rules) if names is None else Guard(rules, resolve=names)
    return Post(schemes=("http", "https"), timeout_s=timeout_s, guard=guard)


def test_the_name_is_resolved_once_and_its_address_called(receiver: Receiver) -> None:
    names = Names(["127.0.0.1"], ["10.255.255.1"])

    got = post(names).send(f"http://{NAME}:{receiver.port}/a%20b/c?x=1&y=%2F", {"X-One": "1"}, "{}")

    assert (got.status, got.error, got.body) == (200, "", "thanks")
    assert names.asked == [NAME]
    (received,) = receiver.received
    assert received.path == "/a%20b/c?x=1&y=%2F"
    assert received.headers["host"] == f"{NAME}:{receiver.port}"
    assert (received.headers["x-one"], received.headers["user-agent"][:10]) == ("1", "Trackside/")
    assert received.body == b"{}"


@pytest.mark.parametrize("found", [["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["169.254.169.254"], ["::1"]])
def test_a_name_that_resolves_to_a_private_address_is_not_called(receiver: Receiver, found: list[str]) -> None:
    got = post(Names(found), allow_private=False).send(f"http://{NAME}:{receiver.port}/", {}, "{}")

    assert (got.status, got.is_refused) == (None, True)
    assert got.error.startswith(f"not called: {NAME}: ")
    assert receiver.received == []


def test_a_url_is_checked_when_it_is_given_but_a_name_without_address_may_have_one_later() -> None:
    with pytest.raises(
        Invalid, match=r"must not resolve to a non-public IP address: receiver.example: 10.0.0.1 is not"
    ):
        post(Names(["10.0.0.1"]), allow_private=False).check(f"https://{NAME}/")
    post(Names(["10.0.0.1"])).check(f"https://{NAME}/")
    post(Names([]), allow_private=False).check(f"https://{NAME}/")

    got = post(Names([]), allow_private=False).send(f"https://{NAME}/", {}, "{}")
    assert (got.status, got.is_refused) == (None, False)
    assert "Name or service not known" in got.error


def test_the_next_address_is_tried_if_one_does_not_answer(receiver: Receiver) -> None:
    got = post(Names(["127.0.0.2", "127.0.0.1"])).send(f"http://{NAME}:{receiver.port}/", {}, "{}")

    assert got.status == 200


class SilentNames:
    """A name service that never answers, until the test is over."""

    def __init__(self) -> None:
        self.was_asked = threading.Event()
        self.over = threading.Event()

    def __call__(self, host: str, port: int, **_: object) -> list[Any]:
        self.was_asked.set()
        self.over.wait()
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


@pytest.fixture
def silent() -> Iterator[SilentNames]:
    names = SilentNames()
    yield names
    names.over.set()


def test_a_name_lookup_has_the_timeout_of_a_receiver(silent: SilentNames) -> None:
    asking = Post(schemes=("http",), timeout_s=0.3, guard=Guard(resolve=silent))

    got = asking.send(f"http://{NAME}/", {}, "{}")
    asking.check(f"http://{NAME}/")  # it may have an address later

    assert not silent.over.is_set()
    assert (got.status, got.error) == (None, "no answer within 0.3 s")


def test_the_server_stops_without_waiting_for_a_name_lookup(silent: SilentNames) -> None:
    asking = Post(schemes=("http",), timeout_s=60, guard=Guard(resolve=silent))
    got: list[Any] = []
    sender = threading.Thread(target=lambda: got.append(asking.send(f"http://{NAME}/", {}, "{}")))
    sender.start()
    assert silent.was_asked.wait(120)

    asking.close()
    sender.join(120)

    assert [(each.status, each.error) for each in got] == [(None, "OSError: the server is stopping")]


def test_user_and_password_of_the_url_are_sent_as_basic_credentials(receiver: Receiver) -> None:
    post().send(f"http://ann%40a:p%3Aw@127.0.0.1:{receiver.port}/", {}, "{}")

    assert receiver.received[0].headers["authorization"] == "Basic YW5uQGE6cDp3"  # ann@a:p:w
    assert receiver.received[0].headers["host"] == f"127.0.0.1:{receiver.port}"


def test_a_long_answer_is_read_in_part(receiver: Receiver) -> None:
    receiver.answers = [answer(200, b"x" * 1_000_000)]

    assert post().send(receiver.url, {}, "{}").body == "x" * MAX_ANSWER_BYTES


@pytest.mark.parametrize(
    ("given", "least", "most"),
    [
        ("7", 7, 7),
        ("Wed, 21 Oct 2037 07:28:00 GMT", 1e7, 1e10),
        ("soon", None, None),
        ("\u00b2", None, None),
        (f"Mon, 01 Jan {10**20} 00:00:00 GMT", None, None),
        (f"Mon, 01 Jan 2037 {10**10}:00:00 GMT", None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(
    receiver: Receiver, given: str, least: float | None, most: float | None
) -> None:
    receiver.answers = [answer(503, Retry_After=given)]

    said = post().send(receiver.url, {}, "{}")

    wish = said.retry_after_s
    assert said.status == 503
    assert (wish is None) if least is None or most is None else (wish is not None and least <= wish <= most)


def test_an_answer_that_is_not_http_is_an_error() -> None:
    def greet(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n")

    receiver = Receiver([greet])

    got = post().send(receiver.url, {}, "{}")

    assert got.status is None
    assert "BadStatusLine" in got.error
    receiver.close()


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key with a certificate of its own for `receiver.example`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "receiver.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def secure(certificate: Path) -> Iterator[Receiver]:
    made = Receiver(certificate=certificate)
    yield made
    made.close()


def test_the_certificate_must_be_trusted_and_of_the_name_and_not_of_the_address(
    secure: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    untrusted = post(Names(["127.0.0.1"])).send(f"https://{NAME}:{secure.port}/", {}, "{}")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    trusted = post(Names(["127.0.0.1"]))
    right = trusted.send(f"https://{NAME}:{secure.port}/", {}, "{}")
    wrong = trusted.send(f"https://other.example:{secure.port}/", {}, "{}")

    assert "CERTIFICATE_VERIFY_FAILED" in untrusted.error
    assert (right.status, right.error) == (200, "")
    assert "Hostname mismatch" in wrong.error
    assert len(secure.received) == 1


def test_a_receiver_that_never_shakes_hands_is_cut_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        got = post(timeout_s=0.3).send(f"https://127.0.0.1:{silent.getsockname()[1]}/", {}, "{}")

    assert got.error == "no answer within 0.3 s"


def test_a_closed_sender_sends_nothing(receiver: Receiver) -> None:
    ended = post()
    ended.close()

    assert ended.send(receiver.url, {}, "{}").error == "OSError: the server is stopping"
    assert receiver.received == []
