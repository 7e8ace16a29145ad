"""Webhooks that send mails: the mails, and faults of mail servers."""

import socket
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.mailbox import Mailbox
from support.office import Office
from trackside.core.errors import Invalid
from trackside.webhooks.envelopes import Format
from trackside.webhooks.mail import Mailer, Server, recipients

TO = "mailto:ann@example.org,bo@example.org"


@pytest.fixture
def mailbox() -> Iterator[Callable[..., Mailbox]]:
    made: list[Mailbox] = []

    def start(**options: Any) -> Mailbox:
        made.append(Mailbox(**options).start())
        return made[-1]

    yield start
    for each in made:
        each.close()


def server(port: int, **more: Any) -> Server:
    return Server(**{"host": "127.0.0.1", "port": port, "tls": "offered", "sender": "trackside@example.org", **more})


def write(office: Office, *names: str, url: str = TO, **more: Any) -> Any:
    webhook = office.subscribe(url, form=Format.MAIL, **more)
    office.happen(*names)
    office.step()
    return webhook


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_a_mail_describes_the_event_to_every_address(office: Office, mailbox: Callable[..., Mailbox]) -> None:
    box = mailbox()
    office.mail = server(box.port)

    webhook = write(office, "iris \U0001f600")

    (mail,) = box.mails
    assert mail["To"] == "ann@example.org, bo@example.org"
    assert mail["From"] == "trackside@example.org"
    assert mail["Subject"] == "Trackside: Registered model iris \U0001f600: created (workspace default)"
    assert mail["Message-ID"] == f"<{office.sent(webhook)[0].delivery_id}@example.org>"
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "Event: registered_model.created" in body(mail, "plain")
    assert "<tr><th align=left>Event</th><td>registered_model.created</td></tr>" in body(mail, "html")
    assert office.states(webhook) == [("DELIVERED", 1)]


def test_a_name_cannot_inject_a_mail_header(mailbox: Callable[..., Mailbox]) -> None:
    box = mailbox()
    kept = msgspec.json.encode({"subject": "a\r\nBcc: eve@example.org", "text": "t"}).decode()

    answer = Mailer(server(box.port), 5).send(TO, kept, "1", "run.failed")

    assert answer.status == 250
    assert box.mails[0]["Bcc"] is None
    assert box.mails[0]["Subject"] == "a  Bcc: eve@example.org"


def test_a_name_cannot_inject_html_into_a_mail(office: Office, mailbox: Callable[..., Mailbox]) -> None:
    box = mailbox()
    office.mail = server(box.port)

    write(office, '<img src="eve.png">')

    assert "&lt;img src=&quot;eve.png&quot;&gt;" in body(box.mails[0], "html")
    assert "<img" not in body(box.mails[0], "html")


def test_events_within_a_digest_interval_are_sent_as_one_mail(office: Office, mailbox: Callable[..., Mailbox]) -> None:
    box = mailbox()
    office.mail = server(box.port)
    webhook = write(office, "a", "b", "c", digest_s=600)
    assert box.mails == []

    office.later()
    office.step()

    (mail,) = box.mails
    assert mail["Subject"].startswith("3 events: ")
    assert [f"<p>Registered model {name}: created" in body(mail, "html") for name in "abc"] == [True] * 3
    assert [f"Registered model {name}: created" in body(mail, "plain") for name in "abc"] == [True] * 3
    assert office.states(webhook) == [("DELIVERED", 1)] * 3


@pytest.mark.parametrize(("code", "states"), [("550 no such user", [("DEAD", 1)]), ("451 try later", [("PENDING", 1)])])
def test_permanently_refused_recipients_are_given_up_and_others_retried(
    office: Office, mailbox: Callable[..., Mailbox], code: str, states: list[Any]
) -> None:
    office.mail = server(mailbox(recipient=lambda _: code).port)

    webhook = write(office, "a")

    assert office.states(webhook) == states
    assert code[4:] in str(office.sent(webhook)[0].last_error)


def test_a_refused_recipient_is_reported_and_the_others_get_their_mail(
    office: Office, mailbox: Callable[..., Mailbox]
) -> None:
    box = mailbox(recipient=lambda who: "550 no" if who.startswith("bo") else "250 OK")
    office.mail = server(box.port)

    webhook = write(office, "a")

    assert len(box.mails) == 1
    assert office.states(webhook) == [("DELIVERED", 1)]
    assert office.sent(webhook)[0].last_error == "the mail server refuses bo@example.org"


def test_a_silent_mail_server_times_out(office: Office) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        office.timeout_s = 0.3
        office.mail = server(silent.getsockname()[1])

        webhook = write(office, "a")

    assert office.states(webhook) == [("PENDING", 1)]
    assert "did not accept the mail within 0.3 s" in str(office.sent(webhook)[0].last_error)


def test_an_unreachable_mail_server_is_retried(office: Office, unused_port: int) -> None:
    office.mail = server(unused_port)

    webhook = write(office, "a")

    assert office.states(webhook) == [("PENDING", 1)]
    assert "ConnectionRefusedError" in str(office.sent(webhook)[0].last_error)


@pytest.mark.parametrize("wanted", ["required", "offered"])
def test_a_password_is_sent_only_with_tls(office: Office, mailbox: Callable[..., Mailbox], wanted: str) -> None:
    box = mailbox(logins={b"me": b"secret"})
    office.mail = server(box.port, tls=wanted, user="me", password="secret")

    webhook = write(office, "a")

    assert box.mails == []
    assert "does not offer STARTTLS" in str(office.sent(webhook)[0].last_error)


def test_a_server_that_needs_tls_gets_it_and_a_certificate_of_a_stranger_is_refused(
    office: Office, mailbox: Callable[..., Mailbox], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = mailbox(tls=own_certificate(tmp_path), needs_tls=True, logins={b"me": b"secret"})
    office.mail = server(box.port, host="localhost", user="me", password="secret")
    webhook = write(office, "a")
    assert "CERTIFICATE_VERIFY_FAILED" in str(office.sent(webhook)[0].last_error)

    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.pem"))
    office.later()
    office.couriers.pop().close()  # on PostgreSQL one at a time delivers
    office.step(office.courier())

    assert len(box.mails) == 1
    assert office.states(webhook) == [("DELIVERED", 2)]


def own_certificate(folder: Path) -> Any:
    import ssl
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM
    secret = key.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "tls.pem").write_bytes(made.public_bytes(form) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem")
    return context


def test_a_server_without_a_mail_server_refuses_mails_with_what_to_do() -> None:
    with pytest.raises(Invalid, match="--mail-server"):
        Mailer(None, 1).check(TO)


def test_mails_are_sent_only_to_allowed_domains() -> None:
    mailer = Mailer(server(25, domains=("example.org",)), 1)

    mailer.check(TO)
    with pytest.raises(Invalid, match="only to example"):
        mailer.check("mailto:ann@example.org,eve@evil.example")


@pytest.mark.parametrize(
    "url",
    [
        "mailto:", "mailto:ann", "mailto:ann@", "mailto:ann@example.org,", "mailto:a b@example.org",
        "mailto:ann@example.org%0d%0aRCPT TO:<eve@example.org>", "mailto:ann@example.org?cc=eve@example.org",
        f"mailto:{'a' * 65}@example.org", "mailto:ann@exa..mple.org", "https://example.org",
        "mailto:" + ",".join(f"a{n}@example.org" for n in range(51)),
    ],
)  # fmt: skip
def test_an_invalid_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        recipients(url)
